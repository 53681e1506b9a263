/** The messages of a graph turned into our own form, each size checked against what is really there. */
import {
  type AttributeProto,
  AttributeProto_AttributeType as AttributeType,
  type GraphProto,
  type NodeProto,
  type ValueInfoProto,
} from "@amaas/proto/onnx/onnx";
import { type Tensor, tensor, typeOfOnnx } from "@amaas/tensor";
import type { Attribute, Dimension, Graph, Node, Opsets, ValueInfo } from "./graph.ts";
import { misfit, within } from "./misfit.ts";
import { tensorOf } from "./ndarray.ts";
import { readTensor, readText } from "./read-tensor.ts";
import { mostAxes, unknownDimension } from "./shape.ts";

export function readGraph(proto: GraphProto, opsets: Opsets): Graph {
  const initializers = new Map<string, Tensor>();
  const nodes: Node[] = [];
  for (const each of proto.node) {
    const node = readNode(each, opsets);
    if (node.op === "Constant" && node.domain === "") addConstant(node, initializers);
    else nodes.push(node);
  }
  for (const tensor of proto.initializer) {
    if (initializers.has(tensor.name)) misfit(`initializer "${tensor.name}" is given twice`);
    initializers.set(
      tensor.name,
      within(
        () => `initializer "${tensor.name}"`,
        () => readTensor(tensor),
      ),
    );
  }
  const values = proto.valueInfo.flatMap((value) => (isTensor(value) ? [readValue(value)] : []));
  return {
    name: proto.name,
    opsets,
    // An input with an initializer is an old way to write a constant.
    inputs: proto.input.filter(({ name }) => !initializers.has(name)).map(readValue),
    outputs: proto.output.map(readValue),
    initializers,
    nodes,
    ...(values.length > 0 ? { values } : {}),
  };
}

/** A Constant node is an initializer written in another way. */
function addConstant(node: Node, initializers: Map<string, Tensor>): void {
  const [name = "", ...others] = node.outputs;
  const attributes = Object.values(node.attributes);
  const value = attributes.length === 1 ? constantOf(attributes[0]!) : undefined;
  if (!value || name === "" || others.length > 0 || node.inputs.length > 0)
    misfit(`node "${node.name}" (Constant) must have one value and one output`);
  if (initializers.has(name)) misfit(`the name "${name}" is given twice`);
  initializers.set(name, value);
}

function constantOf(attribute: Attribute): Tensor | undefined {
  switch (attribute.kind) {
    case "tensor":
      return attribute.value;
    case "float":
      return tensorOf("FP32", [], [attribute.value]);
    case "int":
      return tensorOf("INT64", [], [attribute.value]);
    case "string":
      return tensor("BYTES", [], [attribute.value]);
    case "floats":
      return tensorOf("FP32", [attribute.value.length], attribute.value);
    case "ints":
      return tensorOf("INT64", [attribute.value.length], attribute.value);
    case "strings":
      return tensor("BYTES", [attribute.value.length], [...attribute.value]);
    case "graph":
      return undefined;
  }
}

function readNode(proto: NodeProto, opsets: Opsets): Node {
  const name = proto.name || proto.output[0] || "";
  return within(
    () => `node "${name}" (${proto.opType})`,
    () => {
      const attributes = proto.attribute.map(
        (attribute) =>
          [
            attribute.name,
            within(
              () => `attribute "${attribute.name}"`,
              () => readAttribute(attribute, opsets),
            ),
          ] as const,
      );
      if (new Set(attributes.map(([key]) => key)).size !== attributes.length)
        misfit("an attribute is given twice");
      return {
        op: proto.opType,
        domain: proto.domain === "ai.onnx" ? "" : proto.domain,
        name,
        inputs: proto.input,
        outputs: proto.output,
        attributes: Object.fromEntries(attributes),
      };
    },
  );
}

function isTensor({ type }: ValueInfoProto): boolean {
  return type?.value?.$case === "tensorType" && type.value.value.shape !== undefined;
}

function readValue({ name, type }: ValueInfoProto): ValueInfo {
  if (type?.value?.$case !== "tensorType") return misfit(`"${name}" is not declared as a tensor`);
  const { elemType, shape } = type.value.value;
  const found =
    typeOfOnnx(elemType) ?? misfit(`"${name}" has ONNX type ${elemType}, which is not carried`);
  if (!shape) return misfit(`"${name}" is declared without a shape`);
  if (shape.dim.length > mostAxes)
    misfit(`"${name}" has ${shape.dim.length} axes, more than the ${mostAxes} allowed`);
  const sizes = shape.dim.map((dimension): Dimension => {
    if (dimension.value?.$case === "dimParam") return dimension.value.value || unknownDimension;
    return dimension.value ? size(name, dimension.value.value) : unknownDimension;
  });
  return { name, type: found, shape: sizes };
}

/** Some exporters write -1 for a size that is not known. */
function size(name: string, value: bigint): Dimension {
  if (value === -1n) return unknownDimension;
  if (value < 0n || value > Number.MAX_SAFE_INTEGER)
    misfit(`"${name}" is declared with the size ${value}`);
  return Number(value);
}

function readAttribute(proto: AttributeProto, opsets: Opsets): Attribute {
  if (proto.refAttrName !== "") misfit("it refers to an attribute of a function");
  switch (proto.type) {
    case AttributeType.FLOAT:
      return { kind: "float", value: proto.f };
    case AttributeType.INT:
      return { kind: "int", value: whole(proto.i) };
    case AttributeType.STRING:
      return { kind: "string", value: readText(proto.s) };
    case AttributeType.TENSOR:
      return { kind: "tensor", value: readTensor(proto.t ?? misfit("it holds no tensor")) };
    case AttributeType.GRAPH:
      return { kind: "graph", value: readGraph(proto.g ?? misfit("it holds no graph"), opsets) };
    case AttributeType.FLOATS:
      return { kind: "floats", value: proto.floats };
    case AttributeType.INTS:
      return { kind: "ints", value: proto.ints.map(whole) };
    case AttributeType.STRINGS:
      return { kind: "strings", value: proto.strings.map(readText) };
    default:
      return misfit(`attributes of ONNX kind ${proto.type} are not carried`);
  }
}

function whole(value: bigint): number {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : misfit(`${value} is beyond 2^53`);
}
