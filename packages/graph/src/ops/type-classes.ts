/** The classes of element types that operators accept, and the checks of them. */
import type { DataType } from "@amaas/tensor";
import { misfit } from "../misfit.ts";
import type { ValueType } from "../shape.ts";

export type FloatType = "FP16" | "FP32" | "FP64";

const floats: ReadonlySet<DataType> = new Set<FloatType>(["FP16", "FP32", "FP64"]);
const indices: ReadonlySet<DataType> = new Set(["INT32", "INT64"]);

export function isFloat(type: DataType): type is FloatType {
  return floats.has(type);
}

function isNumeric(type: DataType): boolean {
  return type !== "BOOL" && type !== "BYTES";
}

export function wantFloat(name: string, { type }: ValueType): void {
  if (!isFloat(type)) misfit(`${name} is ${type}, a floating-point type is wanted`);
}

export function wantNumeric(name: string, { type }: ValueType): void {
  if (!isNumeric(type)) misfit(`${name} is ${type}, a numeric type is wanted`);
}

export function wantIndex(name: string, { type }: ValueType): void {
  if (!indices.has(type)) misfit(`${name} is ${type}, INT32 or INT64 is wanted`);
}

export function want(type: DataType, name: string, found: ValueType): void {
  if (found.type !== type) misfit(`${name} is ${found.type}, ${type} is wanted`);
}

/** Refuses inputs of different element types. */
export function wantSame(...inputs: readonly ValueType[]): void {
  const types = new Set(inputs.map((input) => input.type));
  if (types.size > 1) misfit(`the inputs are ${[...types].join(" and ")}, one type is wanted`);
}
