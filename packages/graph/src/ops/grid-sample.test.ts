import { expect, test } from "vitest";
import { graphBuilder } from "../index.ts";
import { gridSampling } from "./grid-sample.ts";
import { type Case, compareKernels, f32, i64, waves } from "./kernels.fixture.ts";

const image = waves([2, 3, 4, 5], 1);
const volume = waves([1, 2, 3, 4, 5], 2);
/** Up to three times as far out as the image reaches. */
const places = waves([2, 3, 4, 2], 3);
const points = waves([1, 2, 3, 2, 3], 4);
/** The centers and the edges of elements, the ends of both kinds, and the middles between. */
const ties = f32(
  [1, 11, 1, 2],
  [-1, -0.8, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 0.8, 1].flatMap((at) => [at, -at]),
);

const paddings = ["zeros", "border", "reflection"];

const sampled = (
  mode: string,
  padding_mode: string,
  align_corners: number,
  ...inputs: Case["inputs"]
): Case => ({ op: "GridSample", inputs, attributes: { mode, padding_mode, align_corners } });

const grids = [0, 1].flatMap((align_corners) =>
  paddings.flatMap((padding) => [
    ...["linear", "nearest", "cubic"].flatMap((mode) => [
      sampled(mode, padding, align_corners, image, places),
      sampled(mode, padding, align_corners, waves([1, 2, 4, 4], 5), ties),
    ]),
    sampled("linear", padding, align_corners, volume, points),
    sampled("nearest", padding, align_corners, volume, points),
  ]),
);

const affine = (
  theta: Case["inputs"][number],
  size: readonly number[],
  align_corners: number,
): Case => ({
  op: "AffineGrid",
  inputs: [theta, i64([size.length], size)],
  attributes: { align_corners },
  constants: [1],
});

const affines = [0, 1].flatMap((align_corners) => [
  affine(waves([2, 2, 3], 6), [2, 3, 4, 5], align_corners),
  affine(waves([1, 2, 3], 7), [1, 1, 1, 3], align_corners),
  affine(waves([2, 3, 4], 8), [2, 1, 2, 3, 4], align_corners),
]);

compareKernels(gridSampling, [
  { op: "GridSample", inputs: [image, places] },
  ...grids,
  ...affines,
  { op: "AffineGrid", inputs: [waves([1, 2, 3], 9), i64([4], [1, 1, 2, 2])] },
]);

test("refuses modes that there are not, and places that do not fit", () => {
  const g = graphBuilder("refused");
  const x = g.input("x", "FP32", ["n", 1, 4, 4]);
  const node = (grid: readonly number[], attributes = {}) =>
    g.node("GridSample", [x, g.input("grid", "FP32", grid)], attributes);
  expect(() => node([2, 3, 3, 2], { mode: "bilinear" })).toThrow(
    'mode is "bilinear"; one of linear, nearest, cubic is wanted',
  );
  expect(() => node([2, 3, 3, 3])).toThrow("a size is 3 on one side and 2 on the other");
  expect(() => node([2, 3, 2])).toThrow("the ranks differ");
  const theta = g.input("theta", "FP32", ["n", 2, 3]);
  expect(() => g.node("AffineGrid", [theta, g.ints([1, 1, 4])])).toThrow("a grid of 1 axes");
  expect(() => g.node("AffineGrid", [theta, g.ints([1, 1, 2, 4, 4])])).toThrow(
    "a size is 2 on one side and 3 on the other",
  );
});
