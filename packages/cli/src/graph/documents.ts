/** What a graph looks like as JSON: everything but the elements of its larger constants. */
import {
  type Attribute,
  bytesOf,
  fromTensor,
  type Graph,
  inferTypes,
  type Known,
  type Model,
  type Node,
  summarize,
} from "@amaas/graph";
import type { Tensor } from "@amaas/tensor";

type Find = (name: string) => Known | undefined;

/** Constants of up to this many elements are told in full. */
const mostElements = 16;

export function modelDocument({ graph, metadata }: Model): Record<string, unknown> {
  return { ...graphDocument(graph), metadata, summary: summarize(graph) };
}

function graphDocument(graph: Graph, around: Find = () => undefined): Record<string, unknown> {
  const types = inferTypes(graph, around);
  const find: Find = (name) => types.get(name) ?? around(name);
  return {
    name: graph.name,
    opsets: Object.entries(graph.opsets).map(([domain, version]) => ({ domain, version })),
    inputs: graph.inputs,
    outputs: graph.outputs,
    initializers: [...graph.initializers].map(([name, tensor]) => ({
      name,
      ...tensorDocument(tensor),
    })),
    nodes: graph.nodes.map((node) => nodeDocument(node, find)),
  };
}

function nodeDocument(node: Node, find: Find): Record<string, unknown> {
  const { name, op, domain, inputs, outputs, attributes } = node;
  return {
    name,
    op,
    domain,
    inputs,
    outputs: outputs.map((output) => {
      const known = find(output);
      return { name: output, type: known?.type, shape: known?.shape };
    }),
    attributes: Object.fromEntries(
      Object.entries(attributes).map(([key, attribute]) => [key, attributeValue(attribute, find)]),
    ),
  };
}

function attributeValue(attribute: Attribute, find: Find): unknown {
  if (attribute.kind === "tensor") return tensorDocument(attribute.value);
  if (attribute.kind === "graph") return graphDocument(attribute.value, find);
  return attribute.value;
}

function tensorDocument(tensor: Tensor): Record<string, unknown> {
  const { type, shape } = tensor;
  const elements = shape.reduce((product, size) => product * size, 1);
  return {
    type,
    shape,
    bytes: bytesOf(tensor),
    ...(elements <= mostElements ? { values: [...fromTensor(tensor).data] } : {}),
  };
}
