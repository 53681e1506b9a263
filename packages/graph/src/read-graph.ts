/**
 * The messages of a graph turned into our own form, each size checked against what is really there. Calls of
 * local functions are replaced by their nodes, and nodes of other operator sets' versions are converted.
 */
import {
  AttributeProto,
  AttributeProto_AttributeType as AttributeType,
  type GraphProto,
  type NodeProto,
  TensorProto,
  type ValueInfoProto,
} from "@amaas/proto/onnx/onnx";
import { onnxTypeOf, type Tensor, tensor } from "@amaas/tensor";
import { convertNode } from "./convert/index.ts";
import { type Attribute, type Attributes, defaultOpset, type Graph, type Node } from "./graph.ts";
import type { LocalFunction } from "./local-functions.ts";
import { misfit, within } from "./misfit.ts";
import { tensorOf } from "./ndarray.ts";
import { enter, passedThrough } from "./read-function.ts";
import { domainOf } from "./read-opsets.ts";
import { inner, readTensorOnce, type Scope } from "./read-scope.ts";
import { readSparse, readText } from "./read-tensor.ts";
import { declaredIn, isComplete, readOutputs, readValue } from "./read-value.ts";
import { namesUsedBy } from "./subgraph.ts";

/** What a graph is made of, as far as it is read. */
interface Body {
  readonly initializers: Map<string, Tensor>;
  /** Initializers that are Constant nodes in the file, or come of converting it. */
  readonly constants: Set<string>;
  /** Nodes, each with the version of ai.onnx that it is written in. */
  readonly nodes: { readonly node: Node; readonly version: number }[];
}

export function readGraph(proto: GraphProto, around: Scope): Graph {
  const scope: Scope = { ...around, find: declaredIn(proto, around) };
  const body: Body = { initializers: new Map(), constants: new Set(), nodes: [] };
  readNodes(proto.node, scope, body);
  readInitializers(proto, scope, body);
  const read = (value: ValueInfoProto) => readValue(value, scope);
  const values = proto.valueInfo.filter(isComplete).map(read);
  const outputNames = proto.output.map(({ name }) => scope.rename(name));
  const graph: Omit<Graph, "outputs"> = {
    name: proto.name,
    opsets: scope.source.opsets,
    // An input with an initializer is an old way to write a constant.
    inputs: proto.input.filter(({ name }) => !body.initializers.has(scope.rename(name))).map(read),
    initializers: body.initializers,
    nodes: convertAll(body, outputNames, scope),
    ...(body.constants.size > 0 ? { constants: body.constants } : {}),
    ...(values.length > 0 ? { values } : {}),
  };
  return { ...graph, outputs: readOutputs(proto.output, graph, around) };
}

function readInitializers(proto: GraphProto, scope: Scope, { initializers }: Body): void {
  const add = (name: string, make: () => Tensor) => {
    const renamed = scope.rename(name);
    if (initializers.has(renamed)) misfit(`initializer "${name}" is given twice`);
    initializers.set(
      renamed,
      within(() => `initializer "${name}"`, make),
    );
  };
  for (const each of proto.initializer) add(each.name, () => readTensorOnce(each, scope));
  for (const each of proto.sparseInitializer)
    add(each.values?.name ?? "", () => readSparse(each, scope.source.files, scope.source.budget));
}

function readNodes(protos: readonly NodeProto[], scope: Scope, body: Body): void {
  for (const proto of protos) {
    const fn = scope.source.functions.find(proto);
    if (fn) readCall(fn, proto, scope, body);
    else addNode(readNode(proto, scope), scope, body);
  }
}

function readCall(fn: LocalFunction, proto: NodeProto, scope: Scope, body: Body): void {
  const call = readNode(proto, scope);
  const inline = () => {
    const defaults = readAttributes(fn.proto.attributeProto, { ...scope, bound: undefined });
    const callee = enter(fn, call, defaults, scope);
    readNodes(fn.proto.node, callee, body);
    for (const node of passedThrough(fn, call, callee))
      body.nodes.push({ node, version: defaultOpset });
  };
  // Names made inside tell the way there, so that only the outermost call has to be told.
  if (scope.bound) inline();
  else within(() => `node "${call.name}" (function ${fn.name})`, inline);
}

function addNode(node: Node, { opsets }: Scope, body: Body): void {
  const { nodes } = body;
  if (node.domain !== "") nodes.push({ node, version: defaultOpset });
  else if (node.op === "Constant") addConstant(node, body);
  else {
    const version =
      opsets[""] ?? misfit(`node "${node.name}" (${node.op}): no version of ai.onnx is imported`);
    nodes.push({ node, version });
  }
}

function convertAll(body: Body, outputs: readonly string[], scope: Scope): Node[] {
  let used: Set<string> | undefined;
  const surroundings = {
    initializer: (name: string) => body.initializers.get(name),
    isUsed(name: string) {
      used ??= new Set([...outputs, ...body.nodes.flatMap(({ node }) => namesUsedBy(node))]);
      return used.has(name);
    },
    fresh: (hint: string) => scope.source.names.fresh(hint),
    constant(hint: string, value: Tensor) {
      const name = scope.source.names.fresh(hint);
      body.initializers.set(name, value);
      body.constants.add(name);
      return name;
    },
  };
  return body.nodes.flatMap(({ node, version }) => convertNode(node, version, surroundings));
}

/** A Constant node is an initializer written in another way. */
function addConstant(node: Node, { initializers, constants }: Body): void {
  const [name = "", ...others] = node.outputs;
  const attributes = Object.values(node.attributes);
  const value = attributes.length === 1 ? constantOf(attributes[0]!) : undefined;
  if (!value || name === "" || others.length > 0 || node.inputs.length > 0)
    misfit(`node "${node.name}" (Constant) must have one value and one output`);
  if (initializers.has(name)) misfit(`the name "${name}" is given twice`);
  initializers.set(name, value);
  constants.add(name);
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

function readNode(proto: NodeProto, scope: Scope): Node {
  const outputs = proto.output.map(scope.rename);
  const name = (scope.bound ? outputs[0] : proto.name || outputs[0]) ?? "";
  return within(
    () => `node "${name}" (${proto.opType})`,
    () => ({
      op: proto.opType,
      domain: domainOf(proto.domain),
      name,
      inputs: proto.input.map(scope.rename),
      outputs,
      attributes: readAttributes(
        proto.opType === "Constant" ? proto.attribute.map(asTensor) : proto.attribute,
        scope,
      ),
    }),
  );
}

/** Whole numbers of a Constant: a tensor has room for all of their 64 bits, the greatest of which means an open end. */
function asTensor(proto: AttributeProto): AttributeProto {
  const several = proto.type === AttributeType.INTS;
  if (proto.refAttrName !== "" || (!several && proto.type !== AttributeType.INT)) return proto;
  const int64Data = several ? proto.ints : [proto.i];
  const dims = several ? [BigInt(int64Data.length)] : [];
  const t = TensorProto.create({ dataType: onnxTypeOf("INT64"), int64Data, dims });
  return AttributeProto.create({ name: proto.name, type: AttributeType.TENSOR, t });
}

function readAttributes(protos: readonly AttributeProto[], scope: Scope): Attributes {
  const attributes = new Map<string, Attribute>();
  for (const proto of protos) {
    if (attributes.has(proto.name)) misfit("an attribute is given twice");
    const attribute = within(
      () => `attribute "${proto.name}"`,
      () => (proto.refAttrName === "" ? readAttribute(proto, scope) : referTo(proto, scope)),
    );
    if (attribute) attributes.set(proto.name, attribute);
  }
  return Object.fromEntries(attributes);
}

/** An attribute of the function around the node; undefined where the call leaves it out. */
function referTo({ refAttrName, type }: AttributeProto, { bound }: Scope): Attribute | undefined {
  if (!bound)
    return misfit(`it refers to attribute "${refAttrName}" of a function, but is in none`);
  const found = bound.get(refAttrName);
  if (found && type !== AttributeType.UNDEFINED && type !== attributeTypes[found.kind])
    misfit(`it refers to attribute "${refAttrName}" of the function, which is of another kind`);
  return found;
}

function readAttribute(proto: AttributeProto, scope: Scope): Attribute {
  switch (proto.type) {
    case AttributeType.FLOAT:
      return { kind: "float", value: proto.f };
    case AttributeType.INT:
      return { kind: "int", value: whole(proto.i) };
    case AttributeType.STRING:
      return { kind: "string", value: readText(proto.s) };
    case AttributeType.TENSOR:
      return {
        kind: "tensor",
        value: readTensorOnce(proto.t ?? misfit("it holds no tensor"), scope),
      };
    case AttributeType.SPARSE_TENSOR: {
      const { files, budget } = scope.source;
      const sparse = proto.sparseTensor ?? misfit("it holds no sparse tensor");
      return { kind: "tensor", value: readSparse(sparse, files, budget) };
    }
    case AttributeType.GRAPH:
      return {
        kind: "graph",
        value: readGraph(proto.g ?? misfit("it holds no graph"), inner(scope)),
      };
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

const attributeTypes: { readonly [K in Attribute["kind"]]: number } = {
  float: AttributeType.FLOAT,
  int: AttributeType.INT,
  string: AttributeType.STRING,
  tensor: AttributeType.TENSOR,
  graph: AttributeType.GRAPH,
  floats: AttributeType.FLOATS,
  ints: AttributeType.INTS,
  strings: AttributeType.STRINGS,
};
