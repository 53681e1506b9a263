/**
 * Our tensors as onnxruntime's and back. Neither way copies elements: numbers stay where they are,
 * in an ArrayBuffer or a SharedArrayBuffer.
 */
import { DomainError } from "@amaas/errors";
import type { DataType, Tensor } from "@amaas/tensor";
import { Tensor as OrtTensor } from "onnxruntime-node";

type OrtType = OrtTensor.Type;

const ortTypes: { readonly [T in DataType]: OrtType } = {
  BOOL: "bool",
  UINT8: "uint8",
  UINT16: "uint16",
  UINT32: "uint32",
  UINT64: "uint64",
  INT8: "int8",
  INT16: "int16",
  INT32: "int32",
  INT64: "int64",
  FP16: "float16",
  FP32: "float32",
  FP64: "float64",
  BYTES: "string",
};

const ourTypes = new Map(Object.entries(ortTypes).map(([ours, ort]) => [ort, ours as DataType]));

/** Our name for onnxruntime's element type, or undefined for one that we do not carry. */
export function dataTypeOf(type: OrtType): DataType | undefined {
  return ourTypes.get(type);
}

export function toOrt({ type, shape, data }: Tensor): OrtTensor {
  if (type !== "FP16") return new OrtTensor(ortTypes[type], data, shape);
  // Given 16-bit integers, OrtTensor wraps them in a Float16Array, which its native part takes for
  // an empty array. The integers themselves it takes as they are.
  return Object.assign(new OrtTensor("uint16", data, shape), { type: "float16" as const });
}

export function fromOrt({ type, dims, data }: OrtTensor): Tensor {
  const ours = dataTypeOf(type);
  if (ours === undefined)
    throw new DomainError("internal", `onnxruntime answered with elements of type ${type}`);
  if (ours !== "FP16" || Array.isArray(data)) return { type: ours, shape: dims, data };
  return {
    type: ours,
    shape: dims,
    data: new Uint16Array(data.buffer, data.byteOffset, data.length),
  };
}
