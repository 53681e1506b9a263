import { type Case, compareKernels, f32, i64, waves } from "./kernels.fixture.ts";
import { pools } from "./pool.ts";

const row = waves([2, 2, 7], 1);
const image = waves([2, 3, 5, 6], 2);
const box = waves([1, 2, 4, 5, 3], 3);

const forms: readonly Omit<Case, "op">[] = [
  { inputs: [row], attributes: { kernel_shape: [3] } },
  { inputs: [row], attributes: { kernel_shape: [2], strides: [2], ceil_mode: 1 } },
  { inputs: [image], attributes: { kernel_shape: [2, 2], strides: [2, 2] } },
  { inputs: [image], attributes: { kernel_shape: [3, 2], pads: [1, 0, 2, 1] } },
  { inputs: [image], attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] } },
  {
    inputs: [image],
    attributes: { kernel_shape: [3, 3], strides: [3, 2], pads: [1, 1, 1, 1], ceil_mode: 1 },
  },
  { inputs: [image], attributes: { kernel_shape: [2, 2], strides: [4, 4], ceil_mode: 1 } },
  {
    inputs: [image],
    attributes: { kernel_shape: [2, 3], auto_pad: "SAME_UPPER", strides: [2, 2] },
  },
  {
    inputs: [image],
    attributes: { kernel_shape: [2, 3], auto_pad: "SAME_LOWER", strides: [1, 2] },
  },
  { inputs: [image], attributes: { kernel_shape: [2, 3], auto_pad: "VALID", strides: [2, 2] } },
  { inputs: [image], attributes: { kernel_shape: [2, 3], dilations: [2, 2] } },
  { inputs: [box], attributes: { kernel_shape: [2, 2, 2], strides: [2, 1, 1] } },
  { inputs: [box], attributes: { kernel_shape: [3, 3, 2], pads: [1, 1, 0, 1, 0, 1] } },
];

const each = (op: string, attributes: NonNullable<Case["attributes"]> = {}): readonly Case[] =>
  forms.map((form) => ({ ...form, op, attributes: { ...form.attributes, ...attributes } }));

const ties = f32([1, 1, 2, 4], [1, 1, 0, 2, 1, 1, 2, 2]);

compareKernels(pools, [
  ...each("MaxPool").map((given) => ({ ...given, outputs: 2 })),
  { op: "MaxPool", inputs: [image], attributes: { kernel_shape: [2, 2] } },
  { op: "MaxPool", inputs: [ties], attributes: { kernel_shape: [2, 2] }, outputs: 2 },
  {
    op: "MaxPool",
    inputs: [image],
    attributes: { kernel_shape: [2, 3], storage_order: 1 },
    outputs: 2,
  },
  ...each("AveragePool"),
  ...each("AveragePool", { count_include_pad: 1 }),
  ...each("LpPool"),
  ...each("LpPool", { p: 1 }),
  { op: "LpPool", inputs: [image], attributes: { kernel_shape: [2, 2], p: 3 } },
  ...[row, image, box].flatMap((x): readonly Case[] => [
    { op: "GlobalMaxPool", inputs: [x] },
    { op: "GlobalAveragePool", inputs: [x] },
  ]),
  // onnxruntime 1.30 has no kernel for it at this opset.
  {
    op: "GlobalLpPool",
    inputs: [f32([2, 1, 2], [3, -4, 5, 12])],
    expected: [f32([2, 1, 1], [5, 13])],
  },
  {
    op: "GlobalLpPool",
    inputs: [f32([1, 2, 3], [1, -2, 3, 3, -4, 5])],
    attributes: { p: 3 },
    expected: [f32([1, 2, 1], [36 ** (1 / 3), 6])],
  },
  {
    op: "MaxUnpool",
    inputs: [waves([1, 1, 2, 2], 1), i64([1, 1, 2, 2], [5, 7, 13, 15])],
    attributes: { kernel_shape: [2, 2], strides: [2, 2] },
  },
  {
    op: "MaxUnpool",
    inputs: [waves([1, 1, 2, 2], 1), i64([1, 1, 2, 2], [5, 7, 13, 15]), i64([4], [1, 1, 5, 5])],
    attributes: { kernel_shape: [2, 2], strides: [2, 2] },
  },
]);
