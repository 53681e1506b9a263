import { expect, test } from "vitest";
import { graphBuilder } from "../index.ts";
import { a, type Case, compareKernels, cube, each, f32, i64, whole } from "./kernels.fixture.ts";
import { rearrangements } from "./rearrange.ts";

const counted = (shape: readonly number[]) =>
  f32(shape, [...Array(shape.reduce((product, n) => product * n, 1)).keys()]);
const deep = counted([2, 8, 2, 3]);
const broad = counted([2, 3, 4, 6]);

compareKernels(rearrangements, [
  ...each(["Tile"], cube, i64([3], [2, 1, 3])),
  ...each(["Tile"], whole, i64([2], [0, 1])),
  ...each(["Tile"], f32([], [4]), i64([0], [])),
  ...[undefined, -2, -1, 0, 1, 3].flatMap((k) =>
    [0, 1].map(
      (upper): Case => ({
        op: "Trilu",
        inputs: [cube, k === undefined ? undefined : i64([], [k])],
        attributes: { upper },
      }),
    ),
  ),
  ...each(["Trilu"], whole, i64([1], [1])),
  ...["DCR", "CRD"].map(
    (mode): Case => ({ op: "DepthToSpace", inputs: [deep], attributes: { blocksize: 2, mode } }),
  ),
  { op: "SpaceToDepth", inputs: [broad], attributes: { blocksize: 2 } },
  ...each(["ReverseSequence"], a, i64([3], [1, 2, 0])),
  {
    op: "ReverseSequence",
    inputs: [cube, i64([2], [2, 1])],
    attributes: { batch_axis: 0, time_axis: 1 },
  },
]);

test("sizes", () => {
  const g = graphBuilder("sizes");
  const x = g.input("x", "FP32", ["batch", 8, "height", 6]);
  const node = (op: string, attributes: Record<string, number>) =>
    g.node(op, [x], attributes).shape;
  expect(node("DepthToSpace", { blocksize: 2 })).toEqual(["batch", 2, "?", 12]);
  expect(node("SpaceToDepth", { blocksize: 2 })).toEqual(["batch", 32, "?", 3]);
  expect(() => node("DepthToSpace", { blocksize: 3 })).toThrow("8 does not divide by 9");
  expect(g.node("Tile", [x, g.ints([1, 2, 1, 0])]).shape).toEqual(["batch", 16, "height", 0]);
  const once = g.node("Tile", [g.input("y", "FP32", [1, 4]), g.shape(x, 2)]);
  expect(once.shape).toEqual(["height", 24]);
  expect(() => g.node("Tile", [x, g.ints([1])])).toThrow("1 repeats are given");
});
