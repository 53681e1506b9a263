/**
 * Tensors as files carry them: raw bytes here or in another file, one of five lists of numbers that the type
 * chooses, or only the elements that are not zero.
 */
import {
  TensorProto_DataLocation as DataLocation,
  type SparseTensorProto,
  type TensorProto,
} from "@amaas/proto/onnx/onnx";
import {
  bytesPerElement,
  type DataType,
  elementCount,
  type FixedType,
  fromRaw,
  type Tensor,
  tensor,
  toRaw,
  typeOfOnnx,
  zeros,
} from "@amaas/tensor";
import type { Budget } from "./budget.ts";
import type { ExternalFiles } from "./external.ts";
import { misfit } from "./misfit.ts";
import { stridesOf } from "./ndarray.ts";
import { mostAxes } from "./shape.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function readTensor(proto: TensorProto, files: ExternalFiles): Tensor {
  const type = typeOfOnnx(proto.dataType) ?? misfit(`ONNX type ${proto.dataType} is not carried`);
  const shape = readShape(proto.dims);
  const count = elementCount(shape);
  const external = proto.dataLocation !== DataLocation.DEFAULT || proto.externalData.length > 0;
  if (type === "BYTES") {
    if (external) misfit("its data is in another file, where text cannot be");
    return tensor(type, shape, texts(proto, count));
  }
  if (external)
    return fromRaw(type, shape, files.part(proto.externalData, count * bytesPerElement(type)));
  if (proto.rawData.byteLength > 0) return fromRaw(type, shape, proto.rawData);
  return fromList(type, shape, count, listOf(type, proto));
}

/** A tensor of which only some elements are written down, each with its place; the others are zero. */
export function readSparse(
  { values, indices, dims }: SparseTensorProto,
  files: ExternalFiles,
  budget: Budget,
): Tensor {
  if (!values || !indices) return misfit("a sparse tensor needs values and indices");
  const elements = readTensor(values, files);
  const places = readTensor(indices, files);
  const { type } = elements;
  if (type === "BYTES" || places.type !== "INT64")
    return misfit("a sparse tensor holds numbers, and its indices are INT64");
  const shape = readShape(dims);
  const positions = positionsOf(places, elements.data.length, shape);
  const size = bytesPerElement(type);
  budget.spend(elementCount(shape) * size);
  const made = zeros(type, shape);
  const [from, to] = [toRaw(elements), toRaw(made)];
  for (const [index, position] of positions.entries())
    to.set(from.subarray(index * size, (index + 1) * size), position * size);
  return made;
}

/** Indices are positions in the flat tensor, or one coordinate for each axis; both rise. */
function positionsOf(
  { shape, data }: Tensor,
  count: number,
  dense: readonly number[],
): readonly number[] {
  const sizes = shape.length === 1 ? [elementCount(dense)] : dense;
  if (shape[0] !== count || (shape.length > 1 && (shape.length > 2 || shape[1] !== dense.length)))
    misfit(`indices of shape [${shape}] do not place ${count} elements in a tensor of [${dense}]`);
  const strides = stridesOf(sizes);
  const positions: number[] = [];
  for (let element = 0; element < count; element++) {
    let position = 0;
    for (const [axis, size] of sizes.entries()) {
      const at = Number(data[element * sizes.length + axis]);
      if (at < 0 || at >= size) misfit(`index ${at} is outside the ${size} elements of its axis`);
      position += at * strides[axis]!;
    }
    if (element > 0 && position <= positions[element - 1]!)
      misfit("the indices of a sparse tensor must rise");
    positions.push(position);
  }
  return positions;
}

/** The sizes that a tensor declares. */
export function readShape(dims: readonly bigint[]): readonly number[] {
  if (dims.length > mostAxes) misfit(`${dims.length} axes are more than the ${mostAxes} allowed`);
  return dims.map(Number);
}

function texts(proto: TensorProto, count: number): string[] {
  if (proto.stringData.length !== count) misfit(mismatch(count, proto.stringData.length));
  return proto.stringData.map(readText);
}

function listOf(type: FixedType, proto: TensorProto): readonly number[] | readonly bigint[] {
  switch (type) {
    case "FP32":
      return proto.floatData;
    case "FP64":
      return proto.doubleData;
    case "INT64":
      return proto.int64Data;
    case "UINT64":
    case "UINT32":
      return proto.uint64Data;
    default:
      return proto.int32Data;
  }
}

function fromList(
  type: FixedType,
  shape: readonly number[],
  count: number,
  list: readonly number[] | readonly bigint[],
): Tensor<DataType> {
  // Before anything is allocated: the shape is only what the file claims.
  if (list.length !== count) misfit(mismatch(count, list.length));
  const made = zeros(type, shape);
  const { data } = made;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array)
    for (let index = 0; index < count; index++) data[index] = BigInt(list[index]!);
  else for (let index = 0; index < count; index++) data[index] = Number(list[index]!);
  if (type !== "FP32" && type !== "FP64") wantFit(type, data, list);
  return made;
}

/** Small integers are carried in a list of larger ones, which can hold what they cannot. */
function wantFit(
  type: FixedType,
  data: ArrayLike<number | bigint>,
  list: readonly number[] | readonly bigint[],
): void {
  for (const [index, given] of list.entries()) {
    const kept = data[index]!;
    if (Number(kept) !== Number(given) || (type === "BOOL" && kept > 1))
      misfit(`element ${index} is ${given}, which is no ${type}`);
  }
}

function mismatch(wanted: number, found: number): string {
  return `its shape takes ${wanted} elements, but ${found} are there`;
}

/** UTF-8 text; refuses bytes that are none. */
export function readText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    return misfit("it holds text that is not UTF-8");
  }
}
