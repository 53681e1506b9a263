/** Models written straight from ONNX's messages, as other programs write them: any opset, any mistake. */
import {
  type AttributeProto,
  AttributeProto_AttributeType as AttributeType,
  type DeepPartial,
  type FunctionProto,
  type GraphProto,
  ModelProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from "@amaas/proto/onnx/onnx";
import { type DataType, onnxTypeOf, type Tensor, toRaw } from "@amaas/tensor";
import { graphBuilder } from "./graph-builder.ts";
import { tensorOf } from "./ndarray.ts";
import { writeModel } from "./write.ts";

export interface ModelParts {
  readonly opset: number;
  /** Other operator sets, by domain. */
  readonly domains?: Readonly<Record<string, number>>;
  readonly functions?: DeepPartial<FunctionProto>[];
}

export function modelProto(
  graph: DeepPartial<GraphProto>,
  { opset, domains = {}, functions = [] }: ModelParts,
): ModelProto {
  return ModelProto.fromPartial({
    irVersion: irVersionOf(opset),
    opsetImport: opsetImport({ "": opset, ...domains }),
    graph: { name: "test", ...graph },
    functions,
  });
}

export function modelBytes(graph: DeepPartial<GraphProto>, parts: ModelParts): Uint8Array {
  return ModelProto.encode(modelProto(graph, parts)).finish();
}

/** The oldest version of the file format that may hold the opset. */
function irVersionOf(opset: number): bigint {
  if (opset >= 25) return 13n;
  if (opset >= 21) return BigInt(opset - 12 + Number(opset < 23));
  return 8n;
}

export function opsetImport(domains: Readonly<Record<string, number>>) {
  return Object.entries(domains).map(([domain, version]) => ({ domain, version: BigInt(version) }));
}

/** Lists of whole numbers are integers; a float is written `{ f: 1 }`, a graph `{ g: graph }`. */
export type AttributeValue =
  | number
  | string
  | readonly number[]
  | { readonly f: number }
  | { readonly g: DeepPartial<GraphProto> }
  | { readonly ref: string; readonly type: AttributeType };

export function node(
  opType: string,
  input: readonly string[],
  output: readonly string[],
  attributes: Readonly<Record<string, AttributeValue>> = {},
  domain = "",
): DeepPartial<NodeProto> {
  const attribute = Object.entries(attributes).map(([name, value]) => ({
    name,
    ...attributeProto(value),
  }));
  const name = `${opType} ${output[0] ?? ""}`;
  return { opType, name, input: [...input], output: [...output], attribute, domain };
}

export function attributeProto(value: AttributeValue): DeepPartial<AttributeProto> {
  if (typeof value === "number") return { type: AttributeType.INT, i: BigInt(value) };
  if (typeof value === "string")
    return { type: AttributeType.STRING, s: new TextEncoder().encode(value) };
  if ("f" in value) return { type: AttributeType.FLOAT, f: value.f };
  if ("g" in value) return { type: AttributeType.GRAPH, g: value.g };
  if ("ref" in value) return { type: value.type, refAttrName: value.ref };
  return { type: AttributeType.INTS, ints: value.map(BigInt) };
}

export function valueProto(
  name: string,
  type: DataType,
  shape?: readonly (number | string)[],
): DeepPartial<ValueInfoProto> {
  const elemType = onnxTypeOf(type);
  if (!shape) return { name, type: { value: { $case: "tensorType", value: { elemType } } } };
  const dim = shape.map((size) => ({
    value:
      typeof size === "number"
        ? { $case: "dimValue" as const, value: BigInt(size) }
        : { $case: "dimParam" as const, value: size },
  }));
  return { name, type: { value: { $case: "tensorType", value: { elemType, shape: { dim } } } } };
}

export function tensorProto(name: string, value: Tensor): DeepPartial<TensorProto> {
  const dims = value.shape.map(BigInt);
  return { name, dims, dataType: onnxTypeOf(value.type), rawData: toRaw(value) };
}

/** A model as its messages, to be spoiled in ways that the builder does not allow. */
export function spoiled(change: (model: ModelProto) => void = () => {}): Uint8Array {
  const g = graphBuilder("base");
  const x = g.input("x", "FP32", ["n", 2]);
  const w = g.initializer("w", tensorOf("FP32", [2, 2], [1, 2, 3, 4]));
  g.output("y", g.relu(g.matMul(x, w)));
  const model = ModelProto.decode(writeModel(g.model()));
  change(model);
  return ModelProto.encode(model).finish();
}
