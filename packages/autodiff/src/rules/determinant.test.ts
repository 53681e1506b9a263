import { evaluate, graphBuilder, numbersOf } from "@amaas/graph";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { gradient, gradientName } from "../index.ts";
import { array, type Case } from "../oracle.fixture.ts";
import { determinants } from "./determinant.ts";
import { arrays, judge, size } from "./judge.fixture.ts";

const matrices = fc
  .tuple(fc.array(size, { maxLength: 2 }), fc.integer({ min: 1, max: 4 }))
  .chain(([batch, rows]) =>
    arrays([...batch, rows, rows]).map(
      (x): Case => ({
        build: (g, [a]) => g.node("Det", [g.mul(a!, g.scalar(0.25, a!))]),
        inputs: [x],
        engine: "FP32",
        known: (_, axis) => axis >= batch.length,
      }),
    ),
  );

judge(determinants, { Det: matrices });

describe("Det", () => {
  const slopes = (rows: number, data: readonly number[]) => {
    const g = graphBuilder("det");
    g.output("loss", g.node("Det", [g.input("x", "FP64", [rows, rows])]));
    const derived = gradient(g.build(), { loss: "loss", wrt: ["x"] });
    return [...numbersOf(evaluate(derived, { x: array([rows, rows], data) })[gradientName("x")]!)];
  };

  test("has a slope where there is no inverse", () => {
    expect(slopes(2, [1, 2, 2, 4])).toEqual([4, -2, -2, 1]);
  });

  test("of large matrices, or such of unknown size, is refused", () => {
    const derive = (size: number | string) => {
      const g = graphBuilder("det");
      g.output("loss", g.node("Det", [g.input("x", "FP32", [size, size])]));
      return () => gradient(g.build(), { loss: "loss", wrt: ["x"] });
    };
    expect(derive(17)).toThrow("its matrices have 17 rows");
    expect(derive("n")).toThrow("the size of its matrices is not known");
  });
});
