import { tensorOf } from "../index.ts";
import { a, b, type Case, compareKernels, cube, each, f32, i64, words } from "./kernels.fixture.ts";
import { layout } from "./layout.ts";

compareKernels(layout, [
  ...each(["Identity"], words),
  ...each(["Shape", "Size"], cube),
  { op: "Shape", inputs: [cube], attributes: { start: -2, end: 2 } },
  ...([1, 6, 7, 9, 11, 2] as const).flatMap((to): readonly Case[] => [
    { op: "Cast", inputs: [f32([4], [0.5, 2.75, 0, 200])], attributes: { to } },
    { op: "Cast", inputs: [i64([3], [0, 7, 130])], attributes: { to } },
  ]),
  { op: "Cast", inputs: [i64([3], [300, -1, 2 ** 40 + 5])], attributes: { to: 2 } },
  ...each(["Reshape"], cube, i64([3], [0, -1, 2])),
  { op: "Reshape", inputs: [f32([0, 3], []), i64([2], [3, 0])], attributes: { allowzero: 1 } },
  ...each(["CastLike"], f32([3], [0.5, 2.75, 0]), i64([0], [])),
  { op: "Flatten", inputs: [f32([], [2])], attributes: { axis: 0 } },
  ...[0, 1, 2, 3, -1].map(
    (axis): Case => ({ op: "Flatten", inputs: [cube], attributes: { axis } }),
  ),
  ...each(["Squeeze"], f32([1, 2, 1], [1, 2])),
  ...each(["Squeeze"], f32([1, 2, 1], [1, 2]), i64([1], [-1])),
  ...each(["Unsqueeze"], a, i64([2], [-1, 1])),
  ...each(["Transpose"], cube),
  { op: "Transpose", inputs: [cube], attributes: { perm: [1, 2, 0] } },
  { op: "Transpose", inputs: [words] },
  ...each(["Expand"], b, i64([3], [2, 1, 3])),
  ...each(["ConstantOfShape"], i64([2], [2, 3])),
  {
    op: "ConstantOfShape",
    inputs: [i64([2], [2, 0])],
    attributes: { value: tensorOf("INT64", [1], [7]) },
  },
]);
