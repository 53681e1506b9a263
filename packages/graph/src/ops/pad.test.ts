import { expect, test } from "vitest";
import { graphBuilder } from "../index.ts";
import { a, type Case, compareKernels, cube, f32, i32, i64, whole } from "./kernels.fixture.ts";
import { padding } from "./pad.ts";

/** Mirroring reaches no further than the axis: onnxruntime refuses more. */
const modes = ["constant", "edge", "wrap", "reflect"];

const pad = (
  pads: readonly number[],
  axes?: readonly number[],
  { value, far = false }: { value?: number; far?: boolean } = {},
): readonly Case[] =>
  modes.slice(0, far ? 3 : 4).map((mode) => ({
    op: "Pad",
    inputs: [
      cube,
      i64([pads.length], pads),
      value === undefined ? undefined : f32([], [value]),
      axes && i64([axes.length], axes),
    ],
    attributes: { mode },
  }));

compareKernels(padding, [
  ...pad([0, 1, 2, 0, 0, 1]),
  ...pad([1, 2], [-1], { value: 7 }),
  ...pad([0, 1, 1, 1], [2, 0]),
  ...pad([0, 0, -1, 0, 0, 2], undefined, { far: true }),
  ...pad([0, 0, -1, 0, 0, 1]),
  ...pad([1, -1], [1], { far: true }),
  ...pad([3, 5], [-1], { far: true }),
  { op: "Pad", inputs: [whole, i64([4], [1, 0, 0, 2]), i64([], [-3])] },
  { op: "Pad", inputs: [a, i64([2], [1, 1]), undefined, i32([1], [1])] },
  { op: "Pad", inputs: [f32([0, 2], []), i64([4], [1, 0, 0, 1]), f32([1], [5])] },
]);

test("sizes", () => {
  const g = graphBuilder("sizes");
  const x = g.input("x", "FP32", ["batch", 3, "width"]);
  const shape = (pads: readonly number[], axes?: readonly number[]) =>
    g.node("Pad", [x, g.ints(pads), undefined, axes && g.ints(axes)]).shape;
  expect(shape([0, 1, 0, 0, 2, 0])).toEqual(["batch", 6, "width"]);
  expect(shape([1, 1], [2])).toEqual(["batch", 3, "?"]);
  const pads = g.input("pads", "INT64", [2]);
  expect(g.node("Pad", [x, pads, undefined, g.ints([1])]).shape).toEqual(["batch", "?", "width"]);
  const axes = g.input("axes", "INT64", [1]);
  expect(g.node("Pad", [x, pads, undefined, axes]).shape).toEqual(["?", "?", "?"]);
  expect(() => shape([1, 1])).toThrow("2 pads are given for 3 axes");
  expect(() => shape([-2, -2], [1])).toThrow("leave nothing of axis 1");
});
