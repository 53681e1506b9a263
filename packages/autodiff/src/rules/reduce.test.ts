import fc from "fast-check";
import type { Case } from "../oracle.fixture.ts";
import { distinct, full, judge, shapes } from "./judge.fixture.ts";
import { reductions } from "./reduce.ts";

const reducing = (shape: readonly number[]) =>
  fc.record({
    axes: fc.option(fc.subarray(shape.map((_, axis) => axis)), { nil: undefined }),
    negative: fc.boolean(),
    keepdims: fc.boolean(),
    noop: fc.boolean(),
  });

function reduction(op: "ReduceSum" | "ReduceMean" | "ReduceMax", of = shapes) {
  return of.chain((shape) =>
    fc
      .tuple(distinct(shape), reducing(shape))
      .map(([x, { axes, negative, keepdims, noop }]): Case => {
        // Of empty tensors, onnxruntime 1.30 takes negative axes for others.
        const shift = negative && !shape.includes(0) ? shape.length : 0;
        const given = axes?.map((axis) => axis - shift);
        return {
          build: (g, [a]) =>
            g.node(op, given ? [a, g.ints(given)] : [a], {
              keepdims: Number(keepdims),
              noop_with_empty_axes: Number(noop),
            }),
          inputs: [x],
        };
      }),
  );
}

judge(reductions, {
  ReduceSum: reduction("ReduceSum"),
  ReduceMean: reduction("ReduceMean", full),
  ReduceMax: reduction("ReduceMax", full),
  ArgMax: (g, x) => g.argMax(x, -1),
});
