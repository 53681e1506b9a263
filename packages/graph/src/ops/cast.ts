/** What Cast does to an element of each type. */
import { type DataType, typeOfOnnx } from "@amaas/tensor";
import { misfit } from "../misfit.ts";
import { generate, type NDArray, numbersOf } from "../ndarray.ts";
import { unknownDimension } from "../shape.ts";
import { type Content, known, mapContent } from "./content.ts";
import { isFloat } from "./type-classes.ts";

export function typeOfCast(to: number): DataType {
  return typeOfOnnx(to) ?? misfit(`ONNX type ${to} is not carried`);
}

const bits: Partial<Record<DataType, readonly [bits: number, signed: boolean]>> = {
  UINT8: [8, false],
  UINT16: [16, false],
  UINT32: [32, false],
  UINT64: [64, false],
  INT8: [8, true],
  INT16: [16, true],
  INT32: [32, true],
  INT64: [64, true],
};

export function castElements(x: NDArray, type: DataType): NDArray {
  if (x.type === type) return x;
  if (type === "BYTES" || x.type === "BYTES")
    misfit("the reference kernel does not cast from or to text");
  const data = numbersOf(x);
  return generate(type, x.shape, (index) => castElement(data[index]!, type));
}

/** What is known of an array stays known in the types that sizes, and what they are computed from, are written in. */
export function castContent(content: Content, type: DataType): Content {
  if (!carries(type)) return undefined;
  return mapContent(content, (a) => {
    if (typeof a === "number") return known(castElement(a, type), type);
    return type === "BOOL" ? unknownDimension : a;
  });
}

const carries = (type: DataType) =>
  type === "INT64" || type === "INT32" || type === "BOOL" || isFloat(type);

/** Floats are not rounded here, as nowhere in the reference; integers truncate and wrap. */
export function castElement(value: number, type: DataType): number {
  if (type === "BOOL") return value === 0 ? 0 : 1;
  if (isFloat(type)) return value;
  const whole = Math.trunc(value);
  return Number.isFinite(whole) ? wrapInteger(BigInt(whole), type) : 0;
}

/** The least and the greatest number of a type that is no float; of 64 bits, the greatest that the reference can hold. */
export function extremesOf(type: DataType): readonly [least: number, greatest: number] {
  if (type === "BOOL") return [0, 1];
  const [width, signed] = bits[type] ?? misfit(`${type} has no least and greatest number`);
  const span = 2 ** (signed ? width - 1 : width);
  return [signed ? -span : 0, span - (width === 64 ? 2 ** (signed ? 10 : 11) : 1)];
}

/** The number that the low bits of an integer stand for in a type of fixed width. */
export function wrapInteger(value: bigint, type: DataType): number {
  const [width, signed] = bits[type] ?? misfit(`${type} is no integer type`);
  return Number(signed ? BigInt.asIntN(width, value) : BigInt.asUintN(width, value));
}
