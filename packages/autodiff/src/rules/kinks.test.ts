/** Where a function bends, its slope is a matter of choice: the one of PyTorch, number for number. */
import { evaluate, type GraphBuilder, graphBuilder, numbersOf, type Value } from "@amaas/graph";
import { describe, expect, test } from "vitest";
import { gradient, gradientName } from "../index.ts";
import { array } from "../oracle.fixture.ts";

/** The slope of the sum of what is built, in each element of each input. */
function slopes(
  build: (g: GraphBuilder, x: readonly Value[]) => Value,
  ...data: readonly (readonly number[])[]
): readonly (readonly number[])[] {
  const g = graphBuilder("kink");
  const x = data.map((row, index) => g.input(`x${index}`, "FP64", [row.length]));
  g.output("loss", g.reduceSum(build(g, x), undefined, { keepdims: false }));
  const wrt = data.map((_, index) => `x${index}`);
  const feeds = Object.fromEntries(data.map((row, i) => [`x${i}`, array([row.length], row)]));
  const made = evaluate(gradient(g.build(), { loss: "loss", wrt }), feeds);
  // Zeros without a sign: which one it is does not matter here.
  return wrt.map((name) => Array.from(numbersOf(made[gradientName(name)]!), (slope) => slope + 0));
}

const of = (op: string, ...constants: readonly number[]) =>
  function apply(g: GraphBuilder, x: readonly Value[]): Value {
    return g.node(op, [...x, ...constants.map((value) => g.scalar(value, x[0]!))]);
  };

describe("what meets shares evenly", () => {
  test.each(["Max", "Min"])("%s of two and of three", (op) => {
    expect(slopes(of(op), [1, 1], [1, 1])).toEqual([
      [0.5, 0.5],
      [0.5, 0.5],
    ]);
    const third = 1 / 3;
    expect(slopes(of(op), [2], [2], [2])).toEqual([[third], [third], [third]]);
  });

  test.each(["ReduceMax", "ReduceMin"])("%s", (op) => {
    expect(slopes(of(op), [3, 3, 3, 3])).toEqual([[0.25, 0.25, 0.25, 0.25]]);
  });

  test("Clip, with bounds that have gradients of their own", () => {
    const clip = (g: GraphBuilder, [x, min, max]: readonly Value[]) => {
      const bounds = [min, max].map((bound) => bound && g.squeeze(bound));
      return g.node("Clip", [x, ...bounds]);
    };
    expect(slopes(clip, [-2, -1, 0, 1, 2], [-1], [1])).toEqual([[0, 0.5, 1, 0.5, 0], [1.5], [1.5]]);
    expect(slopes(clip, [-2, 0, 2], [1], [-1])).toEqual([[0, 0, 0], [0], [3]]);
  });
});

describe("the slope at a kink", () => {
  test("Clip is flat at bounds that are constants", () => {
    expect(slopes(of("Clip", -1, 1), [-2, -1, 0, 1, 2])).toEqual([[0, 0, 1, 0, 0]]);
    expect(slopes(of("Clip", -1), [-2, -1, 5])).toEqual([[0, 0, 1]]);
    expect(slopes(of("Clip", 1, -1), [-2, 0, 2])).toEqual([[0, 0, 0]]);
  });

  test("activations have the slope on the left of 0", () => {
    const attributes = { alpha: { kind: "float" as const, value: 0.25 } };
    for (const op of ["LeakyRelu", "Elu"])
      expect(slopes((g, x) => g.node(op, x, attributes), [0])).toEqual([[0.25]]);
    expect(slopes(of("Elu"), [0])).toEqual([[1]]);
    expect(slopes(of("Celu"), [0])).toEqual([[1]]);
    expect(slopes((g, [x]) => g.node("PRelu", [x, g.scalar(0.5, x!)]), [0])).toEqual([[0.5]]);
    expect(slopes(of("Relu"), [0])).toEqual([[0]]);
  });

  test("activations with two kinks", () => {
    expect(slopes(of("HardSwish"), [-3, 0, 3])).toEqual([[0, 0.5, 1]]);
    const [[low, , high]] = slopes(of("HardSigmoid"), [-2.5, 0, 2.5]) as [[number, number, number]];
    expect([low, high]).toEqual([0, 0]);
    expect(slopes(of("Shrink"), [-0.5, 0, 0.5, 0.6])).toEqual([[0, 0, 0, 1]]);
    expect(slopes(of("ThresholdedRelu"), [1, 1.5])).toEqual([[0, 1]]);
  });

  test("norms are flat where everything is 0", () => {
    expect(slopes(of("ReduceL2"), [0, 0])).toEqual([[0, 0]]);
    expect(slopes(of("ReduceL1"), [0, -2])).toEqual([[0, -1]]);
  });

  test("nothing flows to sums of exponentials of minus infinity", () => {
    const minus = Number.NEGATIVE_INFINITY;
    expect(slopes(of("ReduceLogSumExp"), [minus, minus])).toEqual([[0, 0]]);
  });
});
