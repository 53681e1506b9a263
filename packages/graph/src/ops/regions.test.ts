import { expect, test } from "vitest";
import { graphBuilder } from "../index.ts";
import { type Case, compareKernels, f32, i64, waves } from "./kernels.fixture.ts";
import { regions } from "./regions.ts";

const images = waves([2, 2, 6, 7], 1);
const batch = i64([4], [0, 1, 1, 0]);
/** Inside, as large as a pixel, larger than the image, and beside it. */
const boxes = f32([4, 4], [0.5, 1.25, 4, 5, 2, 2, 3, 3, -3, -1, 9, 8, 7.5, 2, 12, 4]);

const align = (attributes: NonNullable<Case["attributes"]>): Case => ({
  op: "RoiAlign",
  inputs: [images, boxes, batch],
  attributes,
});

const pool = (rois: readonly number[], attributes: NonNullable<Case["attributes"]>): Case => ({
  op: "MaxRoiPool",
  inputs: [images, f32([rois.length / 5, 5], rois)],
  attributes,
});

const forms: readonly NonNullable<Case["attributes"]>[] = [
  { output_height: 2, output_width: 3 },
  { output_height: 2, output_width: 2, sampling_ratio: 2 },
  { output_height: 3, output_width: 1, spatial_scale: 0.5 },
  { output_height: 2, output_width: 2, coordinate_transformation_mode: "output_half_pixel" },
];

compareKernels(regions, [
  ...forms.map(align),
  align({ ...forms[0], mode: "max" }),
  align({ ...forms[1], mode: "max" }),
  pool([0, 0, 0, 3, 3, 1, 1, 1, 5, 4], { pooled_shape: [2, 2] }),
  pool([0, 0, 0, 13, 11, 1, 4, 6, 4, 6], { pooled_shape: [3, 2], spatial_scale: 0.5 }),
  pool([1, 2, 2, 2, 2, 0, -4, -4, 2, 2], { pooled_shape: [2, 3] }),
  pool([1, 9, 9, 12, 12, 0, 5, 5, 3, 3], { pooled_shape: [1, 2] }),
  // In float32, seven sevenths of 57 are more than 57, so the last cell covers an element more.
  {
    op: "MaxRoiPool",
    inputs: [f32([1, 1, 60, 1], [...Array(60).keys()]), f32([1, 5], [0, 0, 0, 0, 56])],
    attributes: { pooled_shape: [7, 1] },
  },
]);

test("shapes", () => {
  const g = graphBuilder("shapes");
  const x = g.input("x", "FP32", ["n", 3, "height", "width"]);
  const rois = g.input("rois", "FP32", ["regions", 4]);
  const images = g.input("images", "INT64", ["regions"]);
  const grid = { output_height: 7, output_width: 5 };
  expect(g.node("RoiAlign", [x, rois, images], grid).shape).toEqual(["regions", 3, 7, 5]);
  expect(() => g.node("RoiAlign", [x, rois, images], { mode: "sum" })).toThrow('mode is "sum"');
  expect(() => g.node("RoiAlign", [x, rois, images], { output_width: 0 })).toThrow("in 0 parts");
  expect(() => g.node("MaxRoiPool", [x, rois], { pooled_shape: [7, 5] })).toThrow(
    "a size is 4 on one side and 5 on the other",
  );
});
