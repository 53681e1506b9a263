import { type NDArray, ndarray } from "@amaas/graph";
import fc from "fast-check";
import { describe, test } from "vitest";
import { array, type Case, expectGradients, expectSecondGradients } from "../oracle.fixture.ts";
import { arrays, away, distinct, full, judge, shapes } from "./judge.fixture.ts";
import { reductions } from "./reduce.ts";

const reducing = (shape: readonly number[]) =>
  fc.record({
    axes: fc.option(fc.subarray(shape.map((_, axis) => axis)), { nil: undefined }),
    fed: fc.boolean(),
    negative: fc.boolean(),
    keepdims: fc.boolean(),
    noop: fc.boolean(),
  });

interface Of {
  readonly of?: fc.Arbitrary<readonly number[]>;
  readonly elements?: (shape: readonly number[]) => fc.Arbitrary<NDArray>;
  /** Whether it may be told its axes when it runs. */
  readonly feeds?: boolean;
}

function reduction(op: string, { of = shapes, elements = distinct, feeds = true }: Of = {}) {
  return of.chain((shape) =>
    fc
      .tuple(elements(shape), reducing(shape))
      .map(([x, { axes, fed, negative, keepdims, noop }]): Case => {
        // Of empty tensors, onnxruntime 1.30 takes negative axes for others.
        const shift = negative && !shape.includes(0) ? shape.length : 0;
        const given = axes?.map((axis) => axis - shift);
        const attributes = { keepdims: Number(keepdims), noop_with_empty_axes: Number(noop) };
        // How many axes are fed is known only where they are kept.
        if (feeds && fed && given && keepdims)
          return {
            build: (g, [a, where]) => g.node(op, [a, where], attributes),
            inputs: [x, ndarray("INT64", [given.length], given)],
          };
        return {
          build: (g, [a]) => g.node(op, given ? [a, g.ints(given)] : [a], attributes),
          inputs: [x],
        };
      }),
  );
}

const positive = (shape: readonly number[]) => arrays(shape, away);

/** Zeros among the factors, once and more than once. */
const withZeros = (shape: readonly number[]) =>
  arrays(shape, fc.constantFrom(0, 0, -1.25, 0.5, 1.5, 2));

const single = (given: Case): Case => ({ ...given, engine: "FP32" });

judge(reductions, {
  ReduceSum: reduction("ReduceSum"),
  ReduceMean: reduction("ReduceMean", { of: full }),
  ReduceProd: reduction("ReduceProd", { elements: withZeros, feeds: false }).map(single),
  ReduceMax: reduction("ReduceMax", { of: full }),
  ReduceMin: reduction("ReduceMin", { of: full }),
  ReduceL1: reduction("ReduceL1").map(single),
  ReduceL2: reduction("ReduceL2").map(single),
  ReduceSumSquare: reduction("ReduceSumSquare"),
  ReduceLogSum: reduction("ReduceLogSum", { of: full, elements: positive }),
  ReduceLogSumExp: reduction("ReduceLogSumExp", { of: full }),
  ArgMax: (g, x) => g.argMax(x, -1),
  ArgMin: (g, x) => g.node("ArgMin", [x], { axis: -1 }),
});

describe("ReduceProd", () => {
  const factors = (count: number) =>
    array(
      [2, count],
      Array.from({ length: 2 * count }, (_, i) => (i % 41 === 7 ? 0 : 1 + Math.sin(i) / 4)),
    );
  const given = (count: number): Case => ({
    build: (g, [x]) => g.node("ReduceProd", [x, g.ints([1])]),
    inputs: [factors(count)],
  });

  test.each([31, 33, 70])("of %i factors, some of them 0", (count) => {
    expectGradients(given(count));
  });

  test("its second derivatives among many factors", () => {
    expectSecondGradients(given(34));
  });
});
