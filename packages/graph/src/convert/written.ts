/**
 * The version of ai.onnx that a graph is written in: `defaultOpset`, with one exception. Version 22 gave some
 * operators a type that no CPU has, and onnxruntime 1.30 has no kernel for that version of them. They mean the same
 * in version 21, as does everything else that has no part in `newer`, so a graph with one of them is written in that.
 */
import { defaultOpset, type Graph, type Node } from "../graph.ts";
import { subgraphsOf } from "../subgraph.ts";

const olderOpset = 21;

const withoutKernel: ReadonlySet<string> = new Set([
  "Bernoulli",
  "GlobalLpPool",
  "MaxRoiPool",
  "Multinomial",
  "RandomNormal",
  "RandomNormalLike",
  "RandomUniform",
  "RandomUniformLike",
  "RoiAlign",
]);

/** What came after the older version: operators, and attributes of operators. */
const newer: Readonly<Record<string, readonly string[] | "all">> = {
  Attention: "all",
  DequantizeLinear: ["output_dtype"],
  QuantizeLinear: ["precision"],
  RMSNormalization: "all",
  RotaryEmbedding: "all",
};

export function writtenOpset(graph: Graph): number {
  return some(graph, ({ op }) => withoutKernel.has(op)) && !some(graph, isNewer)
    ? olderOpset
    : defaultOpset;
}

function isNewer({ op, attributes }: Node): boolean {
  const found = Object.hasOwn(newer, op) ? newer[op]! : [];
  return found === "all" || found.some((name) => Object.hasOwn(attributes, name));
}

function some(graph: Graph, is: (node: Node) => boolean): boolean {
  return graph.nodes.some(
    (node) =>
      (node.domain === "" && is(node)) || subgraphsOf(node).some((inner) => some(inner, is)),
  );
}
