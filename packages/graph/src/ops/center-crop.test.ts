import { expect, test } from "vitest";
import { graphBuilder } from "../index.ts";
import { centerCrops } from "./center-crop.ts";
import { type Case, compareKernels, i32, i64, text, waves } from "./kernels.fixture.ts";

const cropped = (
  x: NonNullable<Case["inputs"][number]>,
  sizes: readonly number[],
  attributes: Case["attributes"] = {},
): Case => ({ op: "CenterCropPad", inputs: [x, i64([sizes.length], sizes)], attributes });

const table = waves([3, 4], 1);

compareKernels(centerCrops, [
  cropped(table, [2, 1]),
  cropped(table, [6, 7]),
  cropped(table, [1, 9]),
  { ...cropped(table, [2, 7]), constants: [1] },
  cropped(waves([2, 3, 4], 2), [1, 5], { axes: [1, 2] }),
  cropped(waves([2, 3, 4], 2), [7, 4], { axes: [-1, -3] }),
  // onnxruntime 1.30 takes 64-bit sizes of numbers only.
  {
    op: "CenterCropPad",
    inputs: [text([3], ["a", "b", "c"]), i32([1], [2])],
    expected: [text([2], ["a", "b"])],
  },
]);

test("shapes", () => {
  const g = graphBuilder("shapes");
  const x = g.input("x", "FP32", ["n", 5, "width"]);
  const sizes = g.concat([g.shape(x, 0, 1), g.ints([8])], 0);
  const crop = (axes: readonly number[]) => g.node("CenterCropPad", [x, sizes], { axes });
  expect(crop([2, 1]).shape).toEqual(["n", 8, "n"]);
  expect(() => crop([0])).toThrow("2 sizes are given for 1 axes");
  expect(() => crop([1, -2])).toThrow("the axes [1,1] repeat one");
});
