/** Nodes that hold graphs, with other nodes in the place of some of those inside. */
import type { Graph, GraphBuilder, Node, Subgraph, Value } from "@amaas/graph";

export type Find = (name: string) => Value | undefined;

/** What stands in the place of a node of a body; undefined where it stays as it is. */
export type ReplaceInside = (
  b: GraphBuilder,
  node: Node,
  inputs: readonly (Value | undefined)[],
  find: Find,
) => readonly (Value | undefined)[] | undefined;

/** The outputs of the node with its bodies written anew. */
export function withBodies(
  g: GraphBuilder,
  node: Node,
  inputs: readonly (Value | undefined)[],
  find: Find,
  replace: ReplaceInside,
): readonly Value[] {
  const bodies = Object.entries(node.attributes).flatMap(([name, attribute]) =>
    attribute.kind === "graph"
      ? [[name, rewritten(g, attribute.value, find, replace)] as const]
      : [],
  );
  const attributes = { ...node.attributes, ...Object.fromEntries(bodies) };
  const { domain } = node;
  return g.node(node.op, inputs, attributes, { domain, outputs: node.outputs.length });
}

function rewritten(g: GraphBuilder, body: Graph, find: Find, replace: ReplaceInside): Subgraph {
  return g.subgraph(body.name, (b) => {
    const inputs = body.inputs.map(({ name, type, shape }) => b.input(name, type, shape));
    const values = b.inlineBody(body, inputs, find, (...given) => replace(b, ...given));
    for (const output of body.outputs)
      b.output(output.name, (values.get(output.name) ?? find(output.name))!, output);
  });
}
