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

const encoder = new TextEncoder();
const producer = "amaas";

export function writeModel({ graph, metadata }: Model): Uint8Array {
  const model = ModelProto.create({
    irVersion: BigInt(irVersion),
    producerName: producer,
    opsetImport: Object.entries(graph.opsets).map(([domain, version]) => ({
      domain,
      version: BigInt(version),
    })),
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
  });
  model.graph = graphProto(graph);
  return ModelProto.encode(model).finish();
}

function graphProto(graph: Graph): GraphProto {
  const proto = GraphProto.create({ name: graph.name });
  proto.node = graph.nodes.map(nodeProto);
  proto.initializer = [...graph.initializers].map(([name, tensor]) => tensorProto(tensor, name));
  proto.input = graph.inputs.map(valueProto);
  proto.output = graph.outputs.map(valueProto);
  proto.valueInfo = (graph.values ?? []).map(valueProto);
  return proto;
}

function nodeProto({ op, domain, name, inputs, outputs, attributes }: Node): NodeProto {
  const proto = NodeProto.create({ opType: op, domain, name });
  proto.input = [...inputs];
  proto.output = [...outputs];
  proto.attribute = Object.entries(attributes).map(([key, value]) => attributeProto(key, value));
  return proto;
}

function attributeProto(name: string, attribute: Attribute): AttributeProto {
  const proto = AttributeProto.create({ name });
  fill(proto, attribute);
  return proto;
}

function fill(proto: AttributeProto, attribute: Attribute): void {
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
      proto.t = tensorProto(attribute.value, "");
      return;
    case "graph":
      proto.type = AttributeType.GRAPH;
      proto.g = graphProto(attribute.value);
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

function tensorProto(tensor: Tensor, name: string): TensorProto {
  const proto = TensorProto.create({ name, dataType: onnxTypeOf(tensor.type) });
  proto.dims = tensor.shape.map(BigInt);
  if (Array.isArray(tensor.data))
    proto.stringData = tensor.data.map((text) => encoder.encode(text));
  else proto.rawData = toRaw(tensor);
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
