/**
 * What is known of a value in a graph before it is run, as far as it matters to whether a request could make
 * the model hang, crash or take all memory: its type, and whether its numbers come from requests.
 */
import type { NodeProto, TensorProto } from "@amaas/proto/onnx/onnx";
import { bytesPerElement, typeOfOnnx } from "@amaas/tensor";

export interface Fact {
  /** ONNX's number of the element type; 0 where it is not known. */
  readonly type: number;
  /** Its numbers come from those of a request. Shapes do not: a request's size is limited. */
  readonly fed: boolean;
  readonly constant?: TensorProto;
}

export const unknown: Fact = { type: 0, fed: true };

const float = 1;
const int32 = 6;
const int64 = 7;
const bool = 9;
/** Not told by the inputs. */
const open = 0;

/** Types of outputs that are not those of the first input. */
const fixedTypes: Readonly<Record<string, number>> = {
  Shape: int64,
  Size: int64,
  NonZero: int64,
  ArgMax: int64,
  ArgMin: int64,
  Equal: bool,
  Greater: bool,
  GreaterOrEqual: bool,
  Less: bool,
  LessOrEqual: bool,
  And: bool,
  Or: bool,
  Xor: bool,
  Not: bool,
  IsNaN: bool,
  IsInf: bool,
  MatMulInteger: int32,
  ConvInteger: int32,
  NonMaxSuppression: int64,
  RandomNormal: float,
  RandomUniform: float,
  If: open,
  Loop: open,
  Scan: open,
  EyeLike: open,
  Bernoulli: open,
  Multinomial: open,
  SequenceAt: open,
};

/** Which input has the type of the output, where it is not the first. */
const typeFrom: Readonly<Record<string, number>> = {
  Where: 1,
  CastLike: 1,
  OneHot: 2,
  DequantizeLinear: 1,
  QuantizeLinear: 2,
};

/** What is known of a node's first output; of the others, where they are not all alike, not the type. */
export function factOf(node: NodeProto, inputs: readonly Fact[]): Fact {
  const constant = constantOf(node);
  if (constant) return { type: constant.dataType, fed: false, constant };
  const onlyShape = node.opType === "Shape" || node.opType === "Size";
  return { type: typeOf(node, inputs), fed: !onlyShape && inputs.some(({ fed }) => fed) };
}

function typeOf({ opType, domain, attribute }: NodeProto, inputs: readonly Fact[]): number {
  if (domain !== "" && domain !== "ai.onnx") return open;
  const fixed = fixedTypes[opType];
  if (fixed !== undefined) return fixed;
  if (opType === "Cast") return Number(attribute.find(({ name }) => name === "to")?.i ?? 0n);
  if (opType === "ConstantOfShape")
    return attribute.find(({ name }) => name === "value")?.t?.dataType ?? float;
  return inputs[typeFrom[opType] ?? 0]?.type ?? 0;
}

function constantOf({ opType, attribute: [given] }: NodeProto): TensorProto | undefined {
  if (opType !== "Constant" || !given) return undefined;
  if (given.t) return given.t;
  const isFloat = given.name === "value_float" || given.name === "value_floats";
  if (isFloat) return { ...empty, dataType: float };
  const int64Data = given.name === "value_ints" ? given.ints : [given.i];
  return given.name.startsWith("value_int") ? { ...empty, dataType: int64, int64Data } : undefined;
}

const empty: TensorProto = {
  dims: [],
  dataType: 0,
  floatData: [],
  int32Data: [],
  stringData: [],
  int64Data: [],
  name: "",
  rawData: new Uint8Array(),
  doubleData: [],
  uint64Data: [],
  docString: "",
  externalData: [],
  dataLocation: 0,
};

/** Whether whole numbers of the type may be below 0, or nobody knows. */
export function maybeSigned(type: number): boolean {
  const name = typeOfOnnx(type);
  return name === undefined || name.startsWith("INT");
}

/** Whether none of the tensor's whole numbers is -1. */
export function withoutMinusOne({ dataType, rawData, int32Data, int64Data }: TensorProto): boolean {
  if (int32Data.includes(-1) || int64Data.includes(-1n)) return false;
  const type = typeOfOnnx(dataType);
  if (!type?.startsWith("INT")) return false;
  const size = bytesPerElement(type);
  for (let at = 0; at + size <= rawData.length; at += size)
    if (rawData.subarray(at, at + size).every((byte) => byte === 0xff)) return false;
  return true;
}
