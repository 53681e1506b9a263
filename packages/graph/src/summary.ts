/** What a graph is made of, in numbers: its operators, however deep they stand, and its constants. */
import { bytesPerElement, elementCount, type Tensor } from "@amaas/tensor";
import type { Graph } from "./graph.ts";
import { isFloat } from "./ops/type-classes.ts";
import { subgraphsOf } from "./subgraph.ts";

export interface OperatorCount {
  /** The empty text is ai.onnx. */
  readonly domain: string;
  readonly op: string;
  readonly count: number;
}

export interface TensorTotals {
  readonly tensors: number;
  readonly elements: number;
  readonly bytes: number;
}

export interface GraphSummary {
  /** Those of the graph itself. */
  readonly nodes: number;
  /** Those of the graphs inside its nodes. */
  readonly innerNodes: number;
  /** Floating-point initializers; what the file wrote as Constant nodes is none. */
  readonly parameters: TensorTotals;
  /** All others: sizes, indices, tables, text, numbers of the program. */
  readonly constants: TensorTotals;
  /** The most frequent first. */
  readonly operators: readonly OperatorCount[];
}

export function summarize(graph: Graph): GraphSummary {
  const graphs = [graph, ...graphsInside(graph)];
  const isParameter = ({ constants }: Graph, [name, { type }]: readonly [string, Tensor]) =>
    isFloat(type) && !constants?.has(name);
  const tensors = (parameters: boolean) =>
    graphs.flatMap((each) =>
      [...each.initializers]
        .filter((entry) => isParameter(each, entry) === parameters)
        .map(([, tensor]) => tensor),
    );
  return {
    nodes: graph.nodes.length,
    innerNodes: graphs.slice(1).reduce((sum, { nodes }) => sum + nodes.length, 0),
    parameters: totalsOf(tensors(true)),
    constants: totalsOf(tensors(false)),
    operators: countOperators(graphs),
  };
}

/** The size of a tensor's elements; of text only the characters are counted. */
export function bytesOf(tensor: Tensor): number {
  const { type, shape } = tensor;
  if (type !== "BYTES") return elementCount(shape) * bytesPerElement(type);
  const { data } = tensor;
  return Array.isArray(data) ? data.reduce((sum, text) => sum + Buffer.byteLength(text), 0) : 0;
}

function graphsInside(graph: Graph): Graph[] {
  return graph.nodes.flatMap(subgraphsOf).flatMap((inner) => [inner, ...graphsInside(inner)]);
}

function totalsOf(tensors: readonly Tensor[]): TensorTotals {
  return {
    tensors: tensors.length,
    elements: tensors.reduce((sum, { shape }) => sum + elementCount(shape), 0),
    bytes: tensors.reduce((sum, tensor) => sum + bytesOf(tensor), 0),
  };
}

function countOperators(graphs: readonly Graph[]): readonly OperatorCount[] {
  const counts = new Map<string, OperatorCount>();
  for (const { nodes } of graphs)
    for (const { domain, op } of nodes) {
      const key = JSON.stringify([domain, op]);
      counts.set(key, { domain, op, count: (counts.get(key)?.count ?? 0) + 1 });
    }
  return [...counts.values()].sort(
    (a, b) => b.count - a.count || compare(a.domain, b.domain) || compare(a.op, b.op),
  );
}

/** By code unit: the same order in every locale. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
