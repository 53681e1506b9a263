import { evaluate, graphBuilder, ndarray, numbersOf } from "@amaas/graph";
import fc from "fast-check";
import { expect, test } from "vitest";
import { gradient } from "../index.ts";
import { array, type Case } from "../oracle.fixture.ts";
import { arrays, distinct, judge, ranked } from "./judge.fixture.ts";
import { sorts } from "./sort.ts";

const tops = ranked.chain((shape) =>
  fc.nat(shape.length - 1).chain((axis) =>
    fc
      .record({
        x: distinct(shape),
        k: fc.nat(shape[axis]!),
        largest: fc.nat(1),
        known: fc.boolean(),
      })
      .map(({ x, k, largest, known }): Case => {
        const attributes = { axis, largest };
        return {
          build: (g, [a, count = g.ints([k])]) =>
            g.node("TopK", [a, count], attributes, { outputs: 2 })[0]!,
          inputs: known ? [x] : [x, ndarray("INT64", [1], [k])],
        };
      }),
  ),
);

const masks = ranked.chain((shape) =>
  fc.option(fc.nat(shape.length - 1), { nil: undefined }).chain((axis) => {
    const length = axis === undefined ? shape.reduce((n, m) => n * m, 1) : shape[axis]!;
    const mask = fc.array(fc.nat(1), { minLength: 1, maxLength: length });
    return fc.tuple(arrays(shape), mask).map(
      ([x, kept]): Case => ({
        build: (g, [a, condition]) => g.node("Compress", [a, condition], { axis }),
        inputs: [x, ndarray("BOOL", [kept.length], kept)],
      }),
    );
  }),
);

judge(sorts, {
  TopK: tops,
  Compress: masks,
  Unique: (g, x) => g.node("Unique", [x], {}, { outputs: 3 })[2]!,
});

test("of equal elements TopK's first one has the gradient", () => {
  const g = graphBuilder("ties");
  const x = g.input("x", "FP64", [4]);
  const [values] = g.node("TopK", [x, g.ints([2])], {}, { outputs: 2 });
  const weights = g.constant({ type: "FP64", shape: [2], data: Float64Array.of(5, 6) });
  g.output("loss", g.reduceSum(g.mul(values!, weights), undefined, { keepdims: false }));
  const made = gradient(g.build(), { loss: "loss", wrt: ["x"] });
  const found = evaluate(made, { x: array([4], [1, 3, 3, 3]) });
  expect([...numbersOf(found["grad/x"]!)]).toEqual([0, 5, 6, 0]);
});

test("refuses what would flow through Unique's values", () => {
  const g = graphBuilder("unique");
  const x = g.input("x", "FP64", [4]);
  g.output("loss", g.reduceSum(g.node("Unique", [x]), undefined, { keepdims: false }));
  expect(() => gradient(g.build(), { loss: "loss", wrt: ["x"] })).toThrow("gather by them");
});
