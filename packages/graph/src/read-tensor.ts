/** Tensors as files carry them: raw bytes, or one of five lists of numbers that the type chooses. */
import { TensorProto_DataLocation as DataLocation, type TensorProto } from "@amaas/proto/onnx/onnx";
import {
  type DataType,
  elementCount,
  type FixedType,
  fromRaw,
  type Tensor,
  tensor,
  typeOfOnnx,
  zeros,
} from "@amaas/tensor";
import { misfit } from "./misfit.ts";
import { mostAxes } from "./shape.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function readTensor(proto: TensorProto): Tensor {
  if (proto.dataLocation !== DataLocation.DEFAULT || proto.externalData.length > 0)
    misfit("its data is in another file, which is never opened");
  const type = typeOfOnnx(proto.dataType) ?? misfit(`ONNX type ${proto.dataType} is not carried`);
  const shape = proto.dims.map(Number);
  if (shape.length > mostAxes) misfit(`${shape.length} axes are more than the ${mostAxes} allowed`);
  const count = elementCount(shape);
  if (type === "BYTES") return tensor(type, shape, texts(proto, count));
  if (proto.rawData.byteLength > 0) return fromRaw(type, shape, proto.rawData);
  return fromList(type, shape, count, listOf(type, proto));
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
