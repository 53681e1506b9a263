import { describe, expect, test } from "vitest";
import { graphBuilder } from "../index.ts";
import {
  type Case,
  compareKernels,
  cube,
  i32,
  i64,
  text,
  whole,
  words,
} from "./kernels.fixture.ts";
import { slicing } from "./slice.ts";

const far = 2 ** 53;

function slice(...vectors: readonly (readonly number[] | undefined)[]): Case {
  return {
    op: "Slice",
    inputs: [cube, ...vectors.map((vector) => vector && i64([vector.length], vector))],
  };
}

compareKernels(slicing, [
  slice([0, 0, 1], [1, 2, 2]),
  slice([1], [2], [-1]),
  slice([-1, 0], [far, 1], [2, 0]),
  slice([-2], [-1], [2], [1]),
  slice([0, 0], [3, 2], [-1, 1], [2, 1]),
  slice([-1, 5], [-far, -9], [2, 1], [-1, -1]),
  slice([2], [0], [2], [-2]),
  slice([5], [9], [1]),
  slice([2], [1], [2]),
  slice([], [], []),
  { op: "Slice", inputs: [whole, i32([1], [1]), i32([1], [3]), i32([1], [1]), i32([1], [2])] },
  { op: "Slice", inputs: [words, i64([1], [-1]), i64([1], [-5]), i64([1], [1]), i64([1], [-1])] },
  { op: "Slice", inputs: [text([3], ["a", "ü", "b"]), i64([1], [1]), i64([1], [3])] },
]);

describe("sizes", () => {
  const g = graphBuilder("sizes");
  const x = g.input("x", "FP32", ["batch", "length", 4]);
  const vector = (values: readonly number[]) => g.ints(values);
  const sliced = (...parts: readonly (readonly number[])[]) =>
    g.node("Slice", [x, ...parts.map(vector)]).shape;

  test("a symbol stays where all of its axis is taken", () => {
    expect(sliced([0, 0], [far, 2], [1, 2])).toEqual(["batch", "length", 2]);
    expect(sliced([-1], [-far], [0], [-1])).toEqual(["batch", "length", 4]);
    const all = g.node("Slice", [x, vector([0]), g.shape(x, 1, 2), vector([1])]);
    expect(all.shape).toEqual(["batch", "length", 4]);
  });

  test("is unknown where it depends on the run", () => {
    expect(sliced([0], [2], [1])).toEqual(["batch", "?", 4]);
    const start = g.input("start", "INT64", [1]);
    expect(g.node("Slice", [x, start, vector([4]), vector([2])]).shape).toEqual([
      "batch",
      "length",
      "?",
    ]);
    const axes = g.input("axes", "INT64", [1]);
    expect(g.node("Slice", [x, vector([0]), vector([4]), axes]).shape).toEqual(["?", "?", "?"]);
  });

  test("what is cut out of a vector of sizes is known", () => {
    const cut = g.node("Slice", [g.shape(x), vector([1]), vector([far])]);
    expect(cut.content).toEqual(["length", 4]);
    const back = g.node("Slice", [
      g.shape(x),
      vector([-1]),
      vector([-far]),
      vector([0]),
      vector([-2]),
    ]);
    expect(back.content).toEqual([4, "batch"]);
  });

  test("refuses a step of 0 and axes that repeat", () => {
    expect(() => sliced([0], [1], [2], [0])).toThrow("a step is 0");
    expect(() => sliced([0, 0], [1, 1], [2, -1])).toThrow("repeat one");
  });
});
