/**
 * Element types: their names (those of the Open Inference Protocol), their size, their number in ONNX
 * and the array that holds them. One table says it all; everything else in this package reads it.
 */
import { DomainError } from "@amaas/errors";

/** The array that holds the elements of each type. BOOL is one byte per element, FP16 its 16 bits. */
export interface Arrays {
  BOOL: Uint8Array;
  UINT8: Uint8Array;
  UINT16: Uint16Array;
  UINT32: Uint32Array;
  UINT64: BigUint64Array;
  INT8: Int8Array;
  INT16: Int16Array;
  INT32: Int32Array;
  INT64: BigInt64Array;
  FP16: Uint16Array;
  FP32: Float32Array;
  FP64: Float64Array;
  BYTES: string[];
}

export type DataType = keyof Arrays;
export type FixedType = Exclude<DataType, "BYTES">;
export type TensorData = Arrays[DataType];

interface Row<A> {
  readonly onnx: number;
  readonly bytes: number;
  readonly array: ArrayClass<A>;
}

interface ArrayClass<A> {
  new (length: number): A;
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): A;
}

type Rows = { readonly [T in FixedType]: Row<Arrays[T]> };

const fixed: Rows = {
  FP32: { onnx: 1, bytes: 4, array: Float32Array },
  UINT8: { onnx: 2, bytes: 1, array: Uint8Array },
  INT8: { onnx: 3, bytes: 1, array: Int8Array },
  UINT16: { onnx: 4, bytes: 2, array: Uint16Array },
  INT16: { onnx: 5, bytes: 2, array: Int16Array },
  INT32: { onnx: 6, bytes: 4, array: Int32Array },
  INT64: { onnx: 7, bytes: 8, array: BigInt64Array },
  BOOL: { onnx: 9, bytes: 1, array: Uint8Array },
  FP16: { onnx: 10, bytes: 2, array: Uint16Array },
  FP64: { onnx: 11, bytes: 8, array: Float64Array },
  UINT32: { onnx: 12, bytes: 4, array: Uint32Array },
  UINT64: { onnx: 13, bytes: 8, array: BigUint64Array },
};

const onnxString = 8;

const byOnnx = new Map<number, DataType>([[onnxString, "BYTES"]]);
for (const type of Object.keys(fixed) as FixedType[]) byOnnx.set(fixed[type].onnx, type);

/** Whether `text` names an element type. */
export function isDataType(text: string): text is DataType {
  return text === "BYTES" || Object.hasOwn(fixed, text);
}

/** The size of one element; text has none. */
export function bytesPerElement(type: DataType): number {
  if (type === "BYTES")
    throw new DomainError("invalid-argument", "BYTES elements have no fixed size");
  return fixed[type].bytes;
}

/** The number that ONNX gives the type (`TensorProto.DataType`). */
export function onnxTypeOf(type: DataType): number {
  return type === "BYTES" ? onnxString : fixed[type].onnx;
}

/** The type that ONNX gives the number, or undefined for one that we do not carry. */
export function typeOfOnnx(number: number): DataType | undefined {
  return byOnnx.get(number);
}

/** What to call the type that ONNX gives the number, whether we carry it or not. */
export function onnxTypeName(number: number): string {
  return typeOfOnnx(number) ?? notCarried[number] ?? `${number} of ONNX`;
}

/** Element types by ONNX's number that models come in. */
const notCarried: Readonly<Record<number, string>> = {
  14: "COMPLEX64",
  15: "COMPLEX128",
  16: "BFLOAT16",
  17: "FLOAT8E4M3FN",
  18: "FLOAT8E4M3FNUZ",
  19: "FLOAT8E5M2",
  20: "FLOAT8E5M2FNUZ",
  21: "UINT4",
  22: "INT4",
  23: "FLOAT4E2M1",
};

/** The typed array class of a type. */
export function arrayClass<T extends FixedType>(type: T): ArrayClass<Arrays[T]> {
  return fixed[type].array;
}
