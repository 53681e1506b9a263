/** The part of a graph that one of its values is made by, and how such a part is looked around in. */
import { type Graph, inferTypes, type Known, type Node, namesUsedBy } from "@amaas/graph";
import { faultySpec } from "@amaas/spec";

export interface Part {
  /** Its one output is the value; inputs, initializers and nodes are those that it needs. */
  readonly graph: Graph;
  readonly output: string;
  /** Of every value. */
  readonly types: ReadonlyMap<string, Known>;
}

/** @throws DomainError invalid-argument where the graph has no such value, or does not say what it is. */
export function partFor(graph: Graph, output: string, field = "architecture.output"): Part {
  const types = inferTypes(graph);
  const { type, shape } = types.get(output) ?? unknownValue(graph, output);
  if (!type || !shape)
    throw faultySpec([
      { field, description: `"${output}" has no known type and shape in the file` },
    ]);
  const needed = new Set([output]);
  for (const node of graph.nodes.toReversed())
    if (node.outputs.some((name) => needed.has(name)))
      for (const name of namesUsedBy(node)) needed.add(name);
  return {
    graph: {
      ...graph,
      inputs: graph.inputs.filter(({ name }) => needed.has(name)),
      outputs: [{ name: output, type, shape }],
      initializers: new Map([...graph.initializers].filter(([name]) => needed.has(name))),
      nodes: graph.nodes.filter(({ outputs }) => outputs.some((name) => needed.has(name))),
    },
    output,
    types,
  };
}

function unknownValue({ outputs }: Graph, name: string): never {
  const known = outputs.map((output) => `"${output.name}"`).join(", ");
  const description = `found "${name}", which the file does not make; its outputs are ${known}`;
  throw faultySpec([{ field: "architecture.output", description }]);
}

/** Which node makes a value. */
export function makersIn({ nodes }: Graph): ReadonlyMap<string, Node> {
  return new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
}

/** Whether a node is this operator of ai.onnx. */
export function isA<O extends string>(
  node: Node | undefined,
  ...ops: readonly O[]
): node is Node & { readonly op: O } {
  return node !== undefined && node.domain === "" && ops.some((op) => op === node.op);
}
