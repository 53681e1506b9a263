import { onnxTypeOf } from "@amaas/tensor";
import { expect, test } from "vitest";
import { graphBuilder, type NDArray, ndarray } from "../index.ts";
import { type Case, compareKernels, f32, i32 } from "./kernels.fixture.ts";
import { quantization } from "./quantize.ts";

const types = ["INT8", "UINT8", "INT16", "UINT16"] as const;
const x = f32([2, 3], [-1.5, 0.25, 0.75, 1000, -1e6, 0.35]);
const scales = f32([3], [0.5, 0.25, 0.1]);

const quantize = (inputs: Case["inputs"], attributes: Case["attributes"] = {}): Case => ({
  op: "QuantizeLinear",
  inputs,
  attributes,
});

const dequantize = (inputs: Case["inputs"], attributes: Case["attributes"] = {}): Case => ({
  op: "DequantizeLinear",
  inputs,
  attributes,
});

/** Numbers, scales and zero points in blocks of two, the last of which is cut short. */
const blocks = { axis: 1, block_size: 2 };
const perBlock = f32([2, 2], [0.5, 0.25, 2, 0.1]);

const perType = types.flatMap((type): readonly Case[] => {
  const of = (shape: readonly number[], data: readonly number[]): NDArray =>
    ndarray(type, shape, data);
  const steps = of([2, 3], [0, 1, 2, 100, 127, 3]);
  return [
    quantize([x, f32([], [0.5]), of([], [3])]),
    quantize([x, scales, of([3], [1, 0, 5])]),
    quantize([x, perBlock, of([2, 2], [1, 2, 3, 4])], blocks),
    quantize([x, f32([1], [0.1]), undefined], { output_dtype: onnxTypeOf(type) }),
    dequantize([steps, f32([], [0.5]), of([], [3])]),
    dequantize([steps, scales, of([3], [1, 0, 5])], { axis: -1 }),
    dequantize([steps, f32([2], [0.5, 2])], { axis: 0 }),
    dequantize([steps, perBlock, of([2, 2], [1, 2, 3, 4])], blocks),
    dequantize([steps, f32([1], [0.1])]),
  ];
});

compareKernels(quantization, [
  ...perType,
  quantize([x, f32([], [1])]),
  quantize([f32([5], [0.5, 1.5, 2.5, -0.5, -1.5]), f32([], [1]), ndarray("INT8", [], [0])]),
  // Halves of steps, as float32 has the ratio.
  quantize([f32([3], [0.15, 0.35, 0.45]), f32([], [0.1])], { precision: onnxTypeOf("FP32") }),
  dequantize([i32([3], [-100000, 7, 2]), f32([], [0.125])]),
  {
    ...quantize([i32([2], [10, -4]), f32([], [4])]),
    expected: [ndarray("UINT8", [2], [2, 0])],
  },
  {
    ...dequantize([i32([2], [10, -4]), f32([], [0.5])], { output_dtype: onnxTypeOf("FP16") }),
    expected: [ndarray("FP16", [2], [5, -2])],
  },
]);

test("scales and zero points fit what they are for", () => {
  const g = graphBuilder("shapes");
  const a = g.input("a", "FP32", ["n", 4]);
  const scale = (...shape: number[]) => g.input(`scale${shape}`, "FP32", shape);
  const zero = (type: "INT8" | "INT32", ...shape: number[]) =>
    g.input(`zero ${type}${shape}`, type, shape);
  const quantize = (...inputs: Parameters<typeof g.node>[1]) =>
    g.node("QuantizeLinear", [a, ...inputs]);
  expect(quantize(scale(4), zero("INT8", 4)).shape).toEqual(["n", 4]);
  expect(() => quantize(scale(3))).toThrow("a size is 3 on one side and 4 on the other");
  expect(() => quantize(scale(4), zero("INT8", 2))).toThrow("a size is 4 on one side and 2");
  expect(() => quantize(scale(2, 4))).toThrow("without a block_size");
  expect(() => quantize(scale(), zero("INT32"))).toThrow("INT32 is made");
  expect(() =>
    g.node("QuantizeLinear", [a, scale(), zero("INT8")], { output_dtype: onnxTypeOf("UINT8") }),
  ).toThrow("output_dtype is UINT8, but y_zero_point is INT8");
  expect(() => g.node("DequantizeLinear", [a, scale()])).toThrow("x is FP32");
});
