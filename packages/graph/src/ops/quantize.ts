/**
 * Linear quantization: numbers as integers of few bits that count steps of a scale from a zero point, and back. One
 * scale holds for all, or one for each index of an axis, or one for each block of neighbours along an axis.
 */
import { type DataType, typeOfOnnx } from "@amaas/tensor";
import type { Shape } from "../graph.ts";
import { misfit } from "../misfit.ts";
import { aroundAxis, generate, numbersOf } from "../ndarray.ts";
import { fallback, operator } from "../operator.ts";
import { axisOf, mergeDimensions, mergeShapes, printShape, type ValueType } from "../shape.ts";
import { extremesOf } from "./cast.ts";
import { isFloat, wantFloat, wantSame } from "./type-classes.ts";

const stepTypes: ReadonlySet<DataType> = new Set(["INT8", "UINT8", "INT16", "UINT16"]);

const granularity = { axis: fallback("int", 1), block_size: fallback("int", 0) };

interface Granularity {
  readonly axis: number;
  /** 0: no blocks. */
  readonly block_size: number;
}

/** Whether one scale holds for all elements. */
function isOne(scale: Shape): boolean {
  return scale.length === 0 || (scale.length === 1 && scale[0] === 1);
}

/** Refuses scales that are not one for each of what they are for, and zero points that are not one for each scale. */
function wantScales(
  x: ValueType,
  scale: ValueType,
  zero: ValueType | undefined,
  { axis, block_size }: Granularity,
): void {
  if (block_size < 0) misfit(`block_size is ${block_size}`);
  if (!scale.shape) return;
  if (zero?.shape && !(isOne(scale.shape) && isOne(zero.shape)))
    mergeShapes(scale.shape, zero.shape);
  // A symbol may turn out to be 1.
  const open = scale.shape.length === 1 && typeof scale.shape[0] === "string";
  if (!x.shape || (block_size === 0 && (open || isOne(scale.shape)))) return;
  const at = axisOf(axis, x.shape.length);
  if (block_size === 0 && scale.shape.length === 1) {
    mergeDimensions(scale.shape[0]!, x.shape[at]!);
    return;
  }
  if (block_size === 0)
    misfit(`the scale is ${printShape(scale.shape)}, but without a block_size one axis is wanted`);
  const size = x.shape[at]!;
  const blocks = typeof size === "number" ? Math.ceil(size / block_size) : scale.shape[at]!;
  mergeShapes(x.shape.with(at, blocks), scale.shape);
}

/** Which scale, and which zero point, an element has. */
function scaleAt(
  x: readonly number[],
  scale: readonly number[],
  { axis, block_size }: Granularity,
): (at: number) => number {
  if (block_size === 0 && isOne(scale)) return () => 0;
  const { length, inner } = aroundAxis(x, axisOf(axis, x.length));
  if (block_size === 0) return (at) => Math.floor(at / inner) % length;
  const blocks = Math.ceil(length / block_size);
  return (at) => {
    const row = Math.floor(at / inner);
    const block = Math.floor((row % length) / block_size);
    return (Math.floor(row / length) * blocks + block) * inner + (at % inner);
  };
}

/** Scales of FP64, which the standard does not have, are what the reference counts in. */
function wantNumber(name: string, { type }: ValueType): void {
  if (!isFloat(type) && type !== "INT32") misfit(`${name} is ${type}, a float or INT32 is wanted`);
}

/** The type that an attribute asks for; 0 asks for none. */
function typeAsked(name: string, number: number): DataType | undefined {
  if (number === 0) return undefined;
  return typeOfOnnx(number) ?? misfit(`${name} is ONNX type ${number}, which is not carried`);
}

function quantizedType(zero: ValueType | undefined, asked: DataType | undefined): DataType {
  if (zero && asked && zero.type !== asked)
    misfit(`output_dtype is ${asked}, but y_zero_point is ${zero.type}`);
  const type = zero?.type ?? asked ?? "UINT8";
  return stepTypes.has(type) ? type : misfit(`${type} is made; INT8, UINT8, INT16, UINT16 may be`);
}

/** The nearest step may hang on the last bit of the ratio, so that is rounded as the type it is computed in has it. */
function ratioIn(type: DataType): (value: number) => number {
  if (type === "FP32") return Math.fround;
  return type === "FP16" ? Math.f16round : (value) => value;
}

/** The even one of two that are equally near. */
function nearest(value: number): number {
  const up = Math.round(value);
  return up - value === 0.5 && up % 2 !== 0 ? up - 1 : up;
}

export const quantization = {
  QuantizeLinear: operator({
    inputs: ["x", "y_scale", "y_zero_point?"],
    outputs: ["y"],
    attributes: {
      ...granularity,
      output_dtype: fallback("int", 0),
      precision: fallback("int", 0),
      // Of floats of 8 bits, which are not carried.
      saturate: fallback("int", 1),
    },
    infer({ x: [x, scale, zero], attributes }) {
      wantNumber("x", x);
      wantNumber("y_scale", scale);
      wantScales(x, scale, zero, attributes);
      typeAsked("precision", attributes.precision);
      const type = quantizedType(zero, typeAsked("output_dtype", attributes.output_dtype));
      return [{ type, shape: x.shape }];
    },
    evaluate({ x: [x, scale, zero], attributes, y: [y] }) {
      const { type } = y!;
      const [data, scales, zeros] = [numbersOf(x), numbersOf(scale), zero && numbersOf(zero)];
      const indexOf = scaleAt(x.shape, scale.shape, attributes);
      const round = ratioIn(typeAsked("precision", attributes.precision) ?? scale.type);
      const [least, greatest] = extremesOf(type);
      return [
        generate(type, x.shape, (at) => {
          const index = indexOf(at);
          const steps = nearest(round(data[at]! / scales[index]!)) + (zeros?.[index] ?? 0);
          // What is no number is the least, as onnxruntime has it.
          return steps > least ? Math.min(steps, greatest) : least;
        }),
      ];
    },
  }),

  DequantizeLinear: operator({
    inputs: ["x", "x_scale", "x_zero_point?"],
    outputs: ["y"],
    attributes: { ...granularity, output_dtype: fallback("int", 0) },
    infer({ x: [x, scale, zero], attributes }) {
      if (!stepTypes.has(x.type) && x.type !== "INT32")
        misfit(`x is ${x.type}; INT8, UINT8, INT16, UINT16 or INT32 is wanted`);
      wantFloat("x_scale", scale);
      if (zero) wantSame(x, zero);
      wantScales(x, scale, zero, attributes);
      const type = typeAsked("output_dtype", attributes.output_dtype) ?? scale.type;
      wantFloat("y", { type, shape: x.shape });
      return [{ type, shape: x.shape }];
    },
    evaluate({ x: [x, scale, zero], attributes, y: [y] }) {
      const [data, scales, zeros] = [numbersOf(x), numbersOf(scale), zero && numbersOf(zero)];
      const indexOf = scaleAt(x.shape, scale.shape, attributes);
      return [
        generate(y!.type, x.shape, (at) => {
          const index = indexOf(at);
          return (data[at]! - (zeros?.[index] ?? 0)) * scales[index]!;
        }),
      ];
    },
  }),
};
