import { ndarray } from "@amaas/graph";
import fc from "fast-check";
import type { Case } from "../oracle.fixture.ts";
import { arrays, judge, ranked } from "./judge.fixture.ts";
import { slicing } from "./slice.ts";

const bound = fc.oneof(fc.integer({ min: -5, max: 5 }), fc.constantFrom(2 ** 31, -(2 ** 31)));
const step = fc.oneof(
  { weight: 2, arbitrary: fc.constant(1) },
  { weight: 1, arbitrary: fc.constantFrom(-3, -2, -1, 2, 3) },
);

/** Some axes of a shape, each cut in a way of its own; what is left may be nothing. */
const cuts = (rank: number) =>
  fc.shuffledSubarray([...Array(rank).keys()], { minLength: 1 }).chain((axes) =>
    fc.record({
      axes: fc.constant(axes),
      starts: fc.tuple(...axes.map(() => bound)),
      ends: fc.tuple(...axes.map(() => bound)),
      steps: fc.tuple(...axes.map(() => step)),
      known: fc.boolean(),
      negative: fc.boolean(),
    }),
  );

const longer = ranked.map((shape) => shape.map((n) => n + 1));

const slices = longer.chain((shape) =>
  fc.tuple(arrays(shape), cuts(shape.length)).map(([x, cut]): Case => {
    const axes = cut.axes.map((axis) => (cut.negative ? axis - shape.length : axis));
    const vectors = [cut.starts, cut.ends, axes, cut.steps];
    if (cut.known)
      return {
        build: (g, [data]) => g.node("Slice", [data!, ...vectors.map((v) => g.ints(v))]),
        inputs: [x],
      };
    return {
      build: (g, parts) => g.node("Slice", parts),
      inputs: [x, ...vectors.map((v) => ndarray("INT64", [v.length], v))],
    };
  }),
);

judge(slicing, { Slice: slices });
