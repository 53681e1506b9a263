import { type Case, compareKernels, f32, i64, waves } from "./kernels.fixture.ts";
import { resizes } from "./resize.ts";

const image = waves([1, 2, 4, 5], 1);
const up = f32([4], [1, 1, 2, 1.5]);
const down = f32([4], [1, 1, 0.5, 0.6]);
const larger = i64([4], [1, 2, 7, 8]);
const smaller = i64([4], [1, 2, 3, 2]);

type Attributes = NonNullable<Case["attributes"]>;

const scaled = (scales: Case["inputs"][number], attributes: Attributes): Case => ({
  op: "Resize",
  inputs: [image, undefined, scales],
  attributes,
});
const sized = (sizes: Case["inputs"][number], attributes: Attributes, x = image): Case => ({
  op: "Resize",
  inputs: [x, undefined, undefined, sizes],
  attributes,
});

const coordinates = [
  "half_pixel",
  "half_pixel_symmetric",
  "pytorch_half_pixel",
  "align_corners",
  "asymmetric",
];
const rounding = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"];

const cases: readonly Case[] = [
  ...coordinates.flatMap((coordinate_transformation_mode) => [
    ...rounding.flatMap((nearest_mode) => [
      sized(larger, { coordinate_transformation_mode, nearest_mode }),
      sized(smaller, { coordinate_transformation_mode, nearest_mode }),
    ]),
    ...["linear", "cubic"].flatMap((mode) => [
      sized(larger, { coordinate_transformation_mode, mode }),
      sized(smaller, { coordinate_transformation_mode, mode }),
    ]),
  ]),
  ...["nearest", "linear", "cubic"].flatMap((mode) => [
    scaled(up, { mode }),
    scaled(down, { mode }),
    scaled(f32([4], [1, 1, 3, 2]), { mode, coordinate_transformation_mode: "asymmetric" }),
  ]),
  sized(larger, { mode: "cubic", cubic_coeff_a: -0.5 }),
  sized(smaller, { mode: "cubic", exclude_outside: 1 }),
  sized(larger, { mode: "cubic", exclude_outside: 1 }),
  ...["linear", "cubic"].flatMap((mode) => [
    sized(smaller, { mode, antialias: 1 }),
    sized(larger, { mode, antialias: 1 }),
    sized(smaller, { mode, antialias: 1, exclude_outside: 1 }),
    scaled(down, { mode, antialias: 1 }),
  ]),
  sized(i64([2], [7, 8]), { mode: "linear", axes: [2, 3] }),
  sized(i64([2], [8, 7]), { mode: "nearest", axes: [3, 2] }),
  sized(i64([2], [7, 8]), { axes: [2, 3], keep_aspect_ratio_policy: "not_larger" }),
  sized(i64([2], [7, 8]), { axes: [2, 3], keep_aspect_ratio_policy: "not_smaller" }),
  sized(i64([3], [1, 2, 5]), { mode: "linear" }, waves([1, 2, 3], 2)),
  sized(i64([5], [1, 2, 5, 2, 3]), { mode: "linear" }, waves([1, 2, 3, 3, 2], 2)),
  sized(i64([5], [1, 2, 5, 2, 3]), { mode: "nearest" }, waves([1, 2, 3, 3, 2], 2)),
  ...["nearest", "linear", "cubic"].map(
    (mode): Case => ({
      op: "Resize",
      inputs: [image, f32([8], [0, 0, 0.4, 0.3, 1, 1, 1.2, 0.6]), undefined, larger],
      attributes: {
        mode,
        coordinate_transformation_mode: "tf_crop_and_resize",
        extrapolation_value: 10,
      },
    }),
  ),
];

compareKernels(
  resizes,
  cases.map((given) => ({ ...given, constants: [1, 2, 3] })),
);
