/** From a model to the bytes of an ONNX file. The same model always makes the same bytes. */
import {
  AttributeProto,
  AttributeProto_AttributeType as AttributeType,
  GraphProto,
  ModelProto,
  NodeProto,
  TensorProto,
  TypeProto,
  ValueInfoProto,
} from "@amaas/proto/onnx/onnx";
import { onnxTypeOf, type Tensor, toRaw } from "@amaas/tensor";
import { writtenOpset } from "./convert/written.ts";
import {
  type Attribute,
  type Dimension,
  type Graph,
  irVersion,
  type Model,
  type Node,
  type ValueInfo,
} from "./graph.ts";
import { unknownDimension } from "./shape.ts";
import { DataFile, type DataOptions, InModel, type Storage, wantWritable } from "./write-data.ts";

const encoder = new TextEncoder();
const producer = "amaas";

/** The whole model in one file. */
export function writeModel(model: Model): Uint8Array {
  const inModel = new InModel();
  return encode(model, { initializers: inModel, attributes: inModel });
}

export interface WrittenModel {
  readonly model: Uint8Array;
  /** The data file, to be written piece by piece; the pieces are views of the tensors, not copies. */
  readonly data: readonly Uint8Array[];
}

/** The model with its weights in a file of their own, as models of 2 GiB and more must be. */
export function writeModelWithData(model: Model, options: DataOptions): WrittenModel {
  const inModel = new InModel();
  const file = new DataFile(options, inModel);
  const bytes = encode(model, { initializers: file, attributes: inModel });
  return { model: bytes, data: file.pieces };
}

/** Where the bytes of tensors go. */
interface Places {
  readonly initializers: Storage;
  readonly attributes: Storage;
}

function encode({ graph, metadata }: Model, places: Places): Uint8Array {
  const opsets = { ...graph.opsets, "": writtenOpset(graph) };
  const model = ModelProto.create({
    irVersion: BigInt(irVersion),
    producerName: producer,
    opsetImport: Object.entries(opsets).map(([domain, version]) => ({
      domain,
      version: BigInt(version),
    })),
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
  });
  model.graph = graphProto(graph, places);
  const bytes = ModelProto.encode(model).finish();
  wantWritable(bytes.byteLength);
  return bytes;
}

function graphProto(graph: Graph, places: Places): GraphProto {
  const proto = GraphProto.create({ name: graph.name });
  proto.node = graph.nodes.map((node) => nodeProto(node, places));
  proto.initializer = [...graph.initializers].map(([name, tensor]) =>
    tensorProto(tensor, name, places.initializers),
  );
  proto.input = graph.inputs.map(valueProto);
  proto.output = graph.outputs.map(valueProto);
  proto.valueInfo = (graph.values ?? []).map(valueProto);
  return proto;
}

function nodeProto(node: Node, places: Places): NodeProto {
  const { op, domain, name, inputs, outputs, attributes } = node;
  const proto = NodeProto.create({ opType: op, domain, name });
  proto.input = [...inputs];
  proto.output = [...outputs];
  proto.attribute = Object.entries(attributes).map(([key, value]) =>
    attributeProto(key, value, places),
  );
  return proto;
}

function attributeProto(name: string, attribute: Attribute, places: Places): AttributeProto {
  const proto = AttributeProto.create({ name });
  fill(proto, attribute, places);
  return proto;
}

function fill(proto: AttributeProto, attribute: Attribute, places: Places): void {
  switch (attribute.kind) {
    case "float":
      proto.type = AttributeType.FLOAT;
      proto.f = attribute.value;
      return;
    case "int":
      proto.type = AttributeType.INT;
      proto.i = BigInt(attribute.value);
      return;
    case "string":
      proto.type = AttributeType.STRING;
      proto.s = encoder.encode(attribute.value);
      return;
    case "tensor":
      proto.type = AttributeType.TENSOR;
      proto.t = tensorProto(attribute.value, "", places.attributes);
      return;
    case "graph":
      proto.type = AttributeType.GRAPH;
      proto.g = graphProto(attribute.value, places);
      return;
    case "floats":
      proto.type = AttributeType.FLOATS;
      proto.floats = [...attribute.value];
      return;
    case "ints":
      proto.type = AttributeType.INTS;
      proto.ints = attribute.value.map(BigInt);
      return;
    case "strings":
      proto.type = AttributeType.STRINGS;
      proto.strings = attribute.value.map((text) => encoder.encode(text));
      return;
    default:
      attribute satisfies never;
  }
}

function tensorProto(tensor: Tensor, name: string, storage: Storage): TensorProto {
  const proto = TensorProto.create({ name, dataType: onnxTypeOf(tensor.type) });
  proto.dims = tensor.shape.map(BigInt);
  if (tensor.type !== "BYTES") storage.put(proto, toRaw(tensor));
  else if (Array.isArray(tensor.data))
    proto.stringData = tensor.data.map((text) => encoder.encode(text));
  return proto;
}

function valueProto({ name, type, shape }: ValueInfo): ValueInfoProto {
  const proto = ValueInfoProto.create({ name });
  proto.type = TypeProto.create({
    value: {
      $case: "tensorType",
      value: { elemType: onnxTypeOf(type), shape: { dim: shape.map(dimensionProto) } },
    },
  });
  return proto;
}

function dimensionProto(dimension: Dimension) {
  if (dimension === unknownDimension) return {};
  return typeof dimension === "number"
    ? { value: { $case: "dimValue" as const, value: BigInt(dimension) } }
    : { value: { $case: "dimParam" as const, value: dimension } };
}
