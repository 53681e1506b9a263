/** What depends on what in a graph: which values a change of others reaches, and which a value is made of. */
import { type Graph, inferTypes, isFloat, type Known, namesUsedBy } from "@amaas/graph";

/** The values that change smoothly when one of `wrt` does. */
export function influencedBy(
  graph: Graph,
  values: ReadonlyMap<string, Known>,
  wrt: Iterable<string>,
  constants: ReadonlySet<string>,
): ReadonlySet<string> {
  const active = new Set(wrt);
  for (const node of graph.nodes) {
    if (!namesUsedBy(node).some((name) => active.has(name))) continue;
    for (const name of node.outputs) {
      if (name === "") continue;
      const type = values.get(name)?.type;
      const varies = type === undefined || isFloat(type);
      if (varies && !constants.has(name)) active.add(name);
    }
  }
  return active;
}

/** The values that others are computed from, and those themselves. */
export function neededFor(graph: Graph, names: Iterable<string>): ReadonlySet<string> {
  const needed = new Set(names);
  for (const node of graph.nodes.toReversed())
    if (node.outputs.some((output) => needed.has(output)))
      for (const used of namesUsedBy(node)) needed.add(used);
  return needed;
}

interface Ends {
  readonly loss: string;
  readonly wrt: readonly string[];
  readonly constants: readonly string[];
}

/** Whether a gradient flows through a value on its way from the loss to `wrt`. */
export function betweenOf(graph: Graph, { loss, wrt, constants }: Ends): (name: string) => boolean {
  const find = () => ({
    active: influencedBy(graph, inferTypes(graph), wrt, new Set(constants)),
    needed: neededFor(graph, [loss]),
  });
  let found: ReturnType<typeof find> | undefined;
  return (name) => {
    // Few graphs are asked.
    found ??= find();
    return found.active.has(name) && found.needed.has(name);
  };
}
