/** What Cast does to an element of each type. */
import { type DataType, typeOfOnnx } from "@amaas/tensor";
import { misfit } from "../misfit.ts";
import { generate, type NDArray, numbersOf } from "../ndarray.ts";
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

/** Floats are not rounded here, as nowhere in the reference; integers truncate and wrap. */
function castElement(value: number, type: DataType): number {
  if (type === "BOOL") return value === 0 ? 0 : 1;
  if (isFloat(type)) return value;
  const [width, signed] = bits[type]!;
  const whole = Math.trunc(value);
  if (!Number.isFinite(whole)) return 0;
  const wrapped = signed
    ? BigInt.asIntN(width, BigInt(whole))
    : BigInt.asUintN(width, BigInt(whole));
  return Number(wrapped);
}
