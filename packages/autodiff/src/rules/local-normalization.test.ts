import { evaluate, type GraphBuilder, graphBuilder, numbersOf, type Value } from "@amaas/graph";
import fc from "fast-check";
import { expect, test } from "vitest";
import { gradient, gradientName } from "../index.ts";
import { array, type Case } from "../oracle.fixture.ts";
import { arrays, distinct, judge, size } from "./judge.fixture.ts";
import { localNormalization } from "./local-normalization.ts";

const extent = fc.integer({ min: 2, max: 4 });

/** Channels with any number of axes behind them; a bias of 0 or less is no use here, since the power has none of it. */
const neighbours = fc
  .tuple(size, fc.integer({ min: 1, max: 5 }), fc.array(size, { maxLength: 2 }))
  .chain(([samples, channels, rest]) =>
    fc
      .record({
        x: arrays([samples, channels, ...rest]),
        size: fc.integer({ min: 1, max: 7 }),
        alpha: fc.constantFrom(0.5, 2, -0.01),
        beta: fc.constantFrom(0.75, 1.5),
        bias: fc.constantFrom(1, 2),
      })
      .map(
        ({ x, ...attributes }): Case => ({
          build: (g, [a]) => g.node("LRN", [a], attributes),
          inputs: [x],
          engine: "FP32",
        }),
      ),
  );

const norms = fc.array(size, { minLength: 1, maxLength: 3 }).chain((shape) =>
  fc
    .record({
      x: arrays(shape),
      axis: fc.integer({ min: -shape.length, max: shape.length - 1 }),
      p: fc.constantFrom(1, 2),
    })
    .map(
      ({ x, ...attributes }): Case => ({
        build: (g, [a]) => g.node("LpNormalization", [a], attributes),
        inputs: [x],
      }),
    ),
);

const standardized = fc.array(extent, { minLength: 1, maxLength: 4 }).chain((shape) =>
  fc
    .tuple(distinct(shape), fc.shuffledSubarray([...shape.keys()], { minLength: 1 }), fc.boolean())
    .map(([x, axes, negative]): Case => {
      const given = axes.map((axis) => (negative ? axis - shape.length : axis));
      return {
        build: (g, [a]) => g.node("MeanVarianceNormalization", [a], { axes: given }),
        inputs: [x],
      };
    }),
);

judge(localNormalization, {
  LRN: neighbours,
  LpNormalization: norms,
  MeanVarianceNormalization: standardized,
});

function slopes(build: (g: GraphBuilder, x: Value) => Value, data: readonly number[]) {
  const g = graphBuilder("flat");
  const x = g.input("x", "FP64", [data.length]);
  const weights = g.cast(g.ints(data.map((_, index) => index + 1)), "FP64");
  g.output("loss", g.reduceSum(g.mul(build(g, x), weights), undefined, { keepdims: false }));
  const derived = gradient(g.build(), { loss: "loss", wrt: ["x"] });
  const made = evaluate(derived, { x: array([data.length], data) });
  return Array.from(numbersOf(made[gradientName("x")]!), (slope) => slope + 0);
}

test("slopes are finite where everything is 0, or nothing varies", () => {
  const norm = (p: number) => (g: GraphBuilder, x: Value) => g.node("LpNormalization", [x], { p });
  expect(slopes(norm(1), [0, 0])).toEqual([0, 0]);
  expect(slopes(norm(2), [0, 0])).toEqual([0, 0]);
  const standardize = (g: GraphBuilder, x: Value) =>
    g.node("MeanVarianceNormalization", [x], { axes: [0] });
  const [left, right] = slopes(standardize, [3, 3]);
  expect(left! * 1e-9).toBeCloseTo(-0.5);
  expect(right! * 1e-9).toBeCloseTo(0.5);
});
