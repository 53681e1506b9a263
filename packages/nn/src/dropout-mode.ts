/**
 * Dropout in two modes. An architecture has ONNX's operator in it, which says where something is dropped; training
 * turns it on, and whoever evaluates or serves runs a graph that has none.
 */
import { type Graph, GraphBuilder, type Replace } from "@amaas/graph";
import { tensor } from "@amaas/tensor";
import type { Network } from "./network.ts";

/** The network of a graph that may drop something. */
export function networkOf(graph: Graph, parameters: Network["parameters"]): Network {
  if (!graph.nodes.some(({ op, domain }) => op === "Dropout" && domain === ""))
    return { graph, parameters };
  const training = replaced(graph, (g, [x, ratio]) => {
    const on = g.constant(tensor("BOOL", [], Uint8Array.of(1)));
    return g.node("Dropout", [x, ratio, on]);
  });
  return { graph: replaced(graph, (_, [x]) => x!), training, parameters };
}

type Inputs = Parameters<Replace>[1];

function replaced(
  graph: Graph,
  by: (g: GraphBuilder, inputs: Inputs) => NonNullable<Inputs[number]>,
): Graph {
  const g = new GraphBuilder(graph.name, graph.opsets);
  const inputs = graph.inputs.map(({ name, type, shape }) => [name, g.input(name, type, shape)]);
  const values = g.inlineAll(graph, Object.fromEntries(inputs), (node, x) =>
    node.op === "Dropout" && node.domain === "" ? [by(g, x)] : undefined,
  );
  for (const output of graph.outputs) g.output(output.name, values.get(output.name)!, output);
  return g.build();
}
