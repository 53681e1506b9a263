/** Operators as files of different versions write them, with inputs to run them on. */
import { type FixedType, type Tensor, tensor } from "@amaas/tensor";
import type { AttributeValue } from "../messages.fixture.ts";
import { tensorOf } from "../ndarray.ts";
import { newestOpset } from "./index.ts";

/** Numbers without pattern, near 1, so that no operator is flat there. */
export function filled(shape: readonly number[], type: FixedType = "FP32"): Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  const scale = type === "FP32" ? 1 : 4;
  return tensorOf(
    type,
    shape,
    Array.from({ length: count }, (_, i) => scale * (Math.sin(i * 1.7 + 0.3) + 0.2)),
  );
}

export const ints = (...values: readonly number[]) => tensorOf("INT64", [values.length], values);
const floats = (...values: readonly number[]) => tensorOf("FP32", [values.length], values);
const none = tensor("FP32", [0], new Float32Array());

export interface Case {
  readonly op: string;
  /** The versions in which the operator is written like this. */
  readonly from?: number;
  readonly to?: number;
  readonly inputs: readonly (Tensor | undefined)[];
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  readonly outputs?: number;
  /** Of the outputs, FP32 unless they are named. */
  readonly types?: readonly FixedType[];
}

export const image = filled([2, 4, 6, 6]);
export const box = tensorOf("FP32", [2, 4], [0, 0, 4, 4, 1, 1.5, 5, 4.5]);
export const batch = tensorOf("INT64", [2], [0, 1]);
const grid = filled([2, 3, 3, 2]);
const reductions = ["L1", "L2", "LogSumExp", "Max", "Mean", "Min", "Prod", "SumSquare"];

export const changed: readonly Case[] = [
  ...reductions.flatMap((name): Case[] => {
    const op = `Reduce${name}`;
    const inputs = [image];
    return [
      { op, to: 17, inputs, attributes: { axes: [1, -1], keepdims: 0 } },
      { op, to: 17, inputs, attributes: { axes: [2] } },
      { op, to: 17, inputs },
      { op, from: 18, inputs: [image, ints(1, -1)], attributes: { keepdims: 0 } },
      { op, from: 18, inputs: [image, ints()], attributes: { noop_with_empty_axes: 1 } },
    ];
  }),
  {
    op: "ReduceLogSum",
    to: 17,
    inputs: [tensorOf("FP32", [2, 2], [1, 2, 3, 4])],
    attributes: { axes: [1] },
  },
  { op: "Split", to: 17, inputs: [image], attributes: { axis: 1 }, outputs: 2 },
  { op: "Split", inputs: [image, ints(1, 3)], attributes: { axis: 1 }, outputs: 2 },
  { op: "Split", from: 18, inputs: [image], attributes: { axis: 3, num_outputs: 3 }, outputs: 3 },
  ...["half_pixel", "output_half_pixel"].flatMap((mode) =>
    ["avg", "max"].map(
      (pooling): Case => ({
        op: "RoiAlign",
        from: 16,
        to: 21,
        inputs: [image, box, batch],
        attributes: {
          mode: pooling,
          coordinate_transformation_mode: mode,
          output_height: 2,
          output_width: 2,
          sampling_ratio: 1,
        },
      }),
    ),
  ),
  ...["avg", "max"].map(
    (mode): Case => ({
      op: "RoiAlign",
      to: 15,
      inputs: [image, box, batch],
      attributes: { mode, output_height: 2, output_width: 3, sampling_ratio: 1 },
    }),
  ),
  ...["bilinear", "bicubic", "nearest"].flatMap((mode) =>
    ["zeros", "border", "reflection"].map(
      (padding_mode): Case => ({
        op: "GridSample",
        from: 16,
        to: 19,
        inputs: [image, grid],
        attributes: { mode, padding_mode, align_corners: Number(padding_mode === "zeros") },
      }),
    ),
  ),
  { op: "GridSample", from: 16, inputs: [image, grid] },
  { op: "GridSample", from: 20, inputs: [image, grid], attributes: { mode: "cubic" } },
  { op: "DFT", from: 17, to: 19, inputs: [filled([2, 5, 3, 1])] },
  {
    op: "DFT",
    from: 17,
    to: 19,
    inputs: [filled([2, 5, 3, 2])],
    attributes: { axis: 2, inverse: 1 },
  },
  {
    op: "DFT",
    from: 17,
    to: 19,
    inputs: [filled([2, 5, 3, 1]), tensorOf("INT64", [], [4])],
    attributes: { axis: -3, onesided: 1 },
  },
  { op: "DFT", from: 20, inputs: [filled([2, 5, 3, 1])] },
  ...[18, 21].map(
    (from): Case => ({
      op: "GroupNormalization",
      from,
      to: from === 18 ? 20 : newestOpset,
      inputs: [
        image,
        ...[floats(1, 2), floats(0.5, -1)].map((each) => (from === 18 ? each : filled([4]))),
      ],
      attributes: { num_groups: 2 },
    }),
  ),
  {
    op: "BatchNormalization",
    inputs: [image, filled([4]), filled([4]), filled([4]), floats(1, 2, 3, 4)],
    attributes: { epsilon: { f: 0.01 } },
  },
  {
    op: "BatchNormalization",
    from: 14,
    outputs: 3,
    inputs: [image, filled([4]), filled([4]), filled([4]), floats(1, 2, 3, 4)],
    attributes: { training_mode: 1, momentum: { f: 0.7 } },
  },
  { op: "Swish", from: 24, to: 24, inputs: [image] },
  { op: "Swish", from: 24, to: 24, inputs: [image], attributes: { alpha: { f: 1.7 } } },
  {
    op: "Swish",
    from: 24,
    to: 24,
    inputs: [filled([3], "FP64")],
    types: ["FP64"],
    attributes: { alpha: { f: 0.5 } },
  },
  {
    op: "Cast",
    from: 24,
    inputs: [image],
    attributes: { to: 7, round_mode: "up" },
    types: ["INT64"],
  },
  {
    op: "Attention",
    from: 23,
    inputs: [filled([2, 2, 3, 4]), filled([2, 2, 5, 4]), filled([2, 2, 5, 4])],
    attributes: { is_causal: 1 },
  },
  {
    op: "Resize",
    to: 17,
    inputs: [image, none, none, ints(2, 4, 9, 4)],
    attributes: { mode: "linear", coordinate_transformation_mode: "asymmetric" },
  },
  {
    op: "Resize",
    to: 17,
    inputs: [image, none, floats(1, 1, 1.5, 0.5)],
    attributes: { mode: "cubic" },
  },
];

/** Operators whose versions differ in types, or in attributes that say what was meant before. */
export const unchanged: readonly Case[] = [
  ...[
    "Relu",
    "Sigmoid",
    "Softplus",
    "Softsign",
    "Elu",
    "Selu",
    "HardSigmoid",
    "LeakyRelu",
    "ThresholdedRelu",
    "Sin",
    "Atan",
    "Cosh",
    "Round",
    "Identity",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "Softmax",
    "LogSoftmax",
    "LpNormalization",
    "Flatten",
    "Transpose",
    "Dropout",
  ].map((op): Case => ({ op, inputs: [image] })),
  { op: "Mish", from: 18, inputs: [image] },
  { op: "HardSwish", from: 14, inputs: [image] },
  {
    op: "AveragePool",
    inputs: [image],
    attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], count_include_pad: 1 },
  },
  {
    op: "AveragePool",
    inputs: [image],
    attributes: { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 },
  },
  {
    op: "AveragePool",
    inputs: [image],
    attributes: { kernel_shape: [3, 2], auto_pad: "SAME_UPPER" },
  },
  {
    op: "MaxPool",
    inputs: [image],
    attributes: { kernel_shape: [3, 3], strides: [2, 2], dilations: [2, 2], ceil_mode: 1 },
  },
  { op: "LpPool", inputs: [image], attributes: { kernel_shape: [2, 2], p: 3, pads: [0, 1, 1, 0] } },
  {
    op: "Conv",
    inputs: [image, filled([2, 2, 3, 3])],
    attributes: { group: 2, auto_pad: "SAME_LOWER" },
  },
  {
    op: "ConvTranspose",
    inputs: [image, filled([4, 2, 3, 3])],
    attributes: { strides: [2, 2], output_padding: [1, 0] },
  },
  { op: "InstanceNormalization", inputs: [image, filled([4]), filled([4])] },
  { op: "PRelu", inputs: [image, filled([4, 1, 1])] },
  { op: "Pow", inputs: [tensorOf("FP32", [3], [1, 2, 3]), floats(2, 0.5, -1)] },
  {
    op: "CumSum",
    inputs: [image, tensorOf("INT64", [], [2])],
    attributes: { exclusive: 1, reverse: 1 },
  },
  { op: "Pad", inputs: [filled([3, 4]), ints(1, 0, 0, 2)], attributes: { mode: "reflect" } },
  { op: "Pad", inputs: [filled([3, 4]), ints(1, 0, 0, -2), tensorOf("FP32", [], [7])] },
  { op: "Reshape", inputs: [image, ints(0, -1)] },
  { op: "Shape", inputs: [image], types: ["INT64"] },
  { op: "Squeeze", inputs: [filled([3, 1]), ints(1)] },
  { op: "TopK", inputs: [image, ints(2)], outputs: 2, types: ["FP32", "INT64"] },
  {
    op: "ScatterElements",
    inputs: [filled([3, 3]), tensorOf("INT64", [1, 2], [0, 2]), filled([1, 2])],
    attributes: { axis: 1 },
  },
  { op: "ScatterND", inputs: [filled([3, 3]), tensorOf("INT64", [2, 1], [2, 0]), filled([2, 3])] },
  { op: "Where", inputs: [tensorOf("BOOL", [2], [1, 0]), filled([2]), filled([2])] },
  { op: "GreaterOrEqual", inputs: [filled([4]), floats(0, 1, 0.5, 0.5)], types: ["BOOL"] },
  {
    op: "QuantizeLinear",
    inputs: [image, tensorOf("FP32", [], [0.02]), tensorOf("UINT8", [], [100])],
    types: ["UINT8"],
  },
  {
    op: "DequantizeLinear",
    inputs: [
      tensorOf("UINT8", [3], [0, 100, 255]),
      tensorOf("FP32", [], [0.02]),
      tensorOf("UINT8", [], [100]),
    ],
  },
  {
    op: "LSTM",
    inputs: [filled([3, 2, 4]), filled([1, 20, 4]), filled([1, 20, 5]), filled([1, 40])],
    attributes: { hidden_size: 5 },
    outputs: 3,
  },
  {
    op: "GRU",
    inputs: [filled([3, 2, 4]), filled([1, 15, 4]), filled([1, 15, 5]), filled([1, 30])],
    attributes: { hidden_size: 5, linear_before_reset: 1 },
    outputs: 2,
  },
  {
    op: "RNN",
    inputs: [filled([3, 2, 4]), filled([1, 5, 4]), filled([1, 5, 5])],
    attributes: { hidden_size: 5 },
    outputs: 2,
  },
  { op: "LayerNormalization", from: 17, inputs: [image, filled([6]), filled([6])] },
];
