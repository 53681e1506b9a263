/** The part of a graph that one of its values is made by, and how such a part is looked around in. */
import {
  type Graph,
  inferTypes,
  type Known,
  type Node,
  namesUsedBy,
  type ValueInfo,
} from "@amaas/graph";
import { faultySpec } from "@amaas/spec";

export interface Part {
  /** Its one output is the value; inputs, initializers and nodes are those that it needs. */
  readonly graph: Graph;
  readonly output: string;
  /** Of every value. */
  readonly types: ReadonlyMap<string, Known>;
}

interface Ends {
  readonly output: string;
  /** A value that the graph makes, where the part begins with that; else it begins with the graph's inputs. */
  readonly input?: string | undefined;
  /** Of the spec, which says so. */
  readonly field?: string;
}

/** @throws DomainError invalid-argument where the graph has no such value, or does not say what it is. */
export function partFor(whole: Graph, { output, input, field }: Ends): Part {
  const types = inferTypes(whole);
  const known = (name: string, by: string): ValueInfo => {
    const { type, shape } = types.get(name) ?? unknownValue(whole, name);
    if (type && shape) return { name, type, shape };
    const description = `"${name}" has no known type and shape in the file`;
    throw faultySpec([{ field: by, description }]);
  };
  const made = known(output, field ?? "architecture.output");
  const isInside = input !== undefined && makersIn(whole).has(input);
  const graph = isInside ? beginningWith(whole, known(input, "architecture.input")) : whole;
  const needed = new Set([output]);
  for (const node of graph.nodes.toReversed())
    if (node.outputs.some((name) => needed.has(name)))
      for (const name of namesUsedBy(node)) needed.add(name);
  return {
    graph: {
      ...graph,
      inputs: graph.inputs.filter(({ name }) => needed.has(name)),
      outputs: [made],
      initializers: new Map([...graph.initializers].filter(([name]) => needed.has(name))),
      nodes: graph.nodes.filter(({ outputs }) => outputs.some((name) => needed.has(name))),
    },
    output,
    types,
  };
}

/** With a value as an input that a node made. */
function beginningWith(graph: Graph, info: ValueInfo): Graph {
  const { name } = info;
  return {
    ...graph,
    inputs: [...graph.inputs, info],
    values: (graph.values ?? []).filter((value) => value.name !== name),
    nodes: graph.nodes.map((node) =>
      node.outputs.includes(name)
        ? { ...node, outputs: node.outputs.map((other) => (other === name ? "" : other)) }
        : node,
    ),
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
