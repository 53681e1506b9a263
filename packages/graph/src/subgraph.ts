/** Graphs inside attributes (the bodies of If, Loop and Scan) may use the values around them by name. */
import type { Attribute, Attributes, Graph, Node, ValueInfo } from "./graph.ts";

/** The graphs that a node's attributes hold. */
export function subgraphsOf(node: Pick<Node, "attributes">): readonly Graph[] {
  return Object.values(node.attributes).flatMap((attribute) =>
    attribute.kind === "graph" ? [attribute.value] : [],
  );
}

/** The names that a node uses: its inputs, and what its subgraphs take from around them. */
export function namesUsedBy(node: Pick<Node, "inputs" | "attributes">): readonly string[] {
  const inputs = node.inputs.filter((name) => name !== "");
  return [...inputs, ...subgraphsOf(node).flatMap((graph) => [...freeNames(graph)])];
}

/** The names that a graph uses but does not make. */
export function freeNames(graph: Graph): ReadonlySet<string> {
  const made = namesMadeIn(graph);
  const free = new Set<string>();
  const use = (name: string) => {
    if (!made.has(name)) free.add(name);
  };
  for (const node of graph.nodes) namesUsedBy(node).forEach(use);
  for (const output of graph.outputs) use(output.name);
  return free;
}

function namesMadeIn(graph: Graph): ReadonlySet<string> {
  return new Set([
    ...graph.inputs.map((input) => input.name),
    ...graph.initializers.keys(),
    ...graph.nodes.flatMap((node) => node.outputs),
  ]);
}

/** All names that are made in the subgraphs of a node, however deep; none of them may be given again outside. */
export function namesMadeInside(node: Pick<Node, "attributes">): readonly string[] {
  return subgraphsOf(node).flatMap((graph) => [
    ...namesMadeIn(graph),
    ...graph.nodes.flatMap(namesMadeInside),
  ]);
}

/** The operator sets that a node and its subgraphs are of. */
export function domainsOf(node: Pick<Node, "domain" | "attributes">): readonly string[] {
  const inside = subgraphsOf(node).flatMap((graph) => graph.nodes.flatMap(domainsOf));
  return [node.domain, ...inside];
}

/** Attributes whose subgraphs take the values around them by other names. */
export function renameFree(
  attributes: Attributes,
  renamed: ReadonlyMap<string, string>,
): Attributes {
  return renameIn(attributes, renamed, (name) => name);
}

/**
 * Attributes whose subgraphs give no name that is taken around them: what clashes is given another. `repeats` keeps
 * how often each name is taken, for the next node of the same graph.
 */
export function renameClashes(
  attributes: Attributes,
  taken: ReadonlySet<string>,
  repeats = new Map<string, number>(),
): Attributes {
  const inside = new Set(namesMadeInside({ attributes }));
  if (![...inside].some((name) => taken.has(name))) return attributes;
  for (const graph of subgraphsOf({ attributes }))
    for (const name of freeNames(graph)) inside.add(name);
  const given = new Map<string, number>();
  const fresh = (name: string): string => {
    if (!taken.has(name)) return name;
    let count = repeats.get(name) ?? 1;
    while (taken.has(`${name}_${count}`)) count++;
    repeats.set(name, count);
    count = Math.max(count, given.get(name) ?? 1);
    while (taken.has(`${name}_${count}`) || inside.has(`${name}_${count}`)) count++;
    given.set(name, count);
    inside.add(`${name}_${count}`);
    return `${name}_${count}`;
  };
  return renameIn(attributes, new Map(), fresh);
}

/** `renamed` holds new names of values around; `give` says how what is made inside is to be called. */
function renameIn(
  attributes: Attributes,
  renamed: ReadonlyMap<string, string>,
  give: (name: string) => string,
): Attributes {
  const rename = (attribute: Attribute): Attribute =>
    attribute.kind === "graph"
      ? { ...attribute, value: renameGraph(attribute.value, renamed, give) }
      : attribute;
  return Object.fromEntries(
    Object.entries(attributes).map(([name, attribute]) => [name, rename(attribute)]),
  );
}

function renameGraph(
  graph: Graph,
  renamed: ReadonlyMap<string, string>,
  give: (name: string) => string,
): Graph {
  const names = new Map(renamed);
  for (const name of namesMadeIn(graph)) if (name !== "") names.set(name, give(name));
  const rename = (name: string): string => names.get(name) ?? name;
  const renameInfo = (info: ValueInfo): ValueInfo => ({ ...info, name: rename(info.name) });
  const { values, constants } = graph;
  return {
    ...graph,
    inputs: graph.inputs.map(renameInfo),
    outputs: graph.outputs.map(renameInfo),
    initializers: new Map([...graph.initializers].map(([name, value]) => [rename(name), value])),
    nodes: graph.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(rename),
      outputs: node.outputs.map(rename),
      attributes: renameIn(node.attributes, names, give),
    })),
    ...(values ? { values: values.map(renameInfo) } : {}),
    ...(constants ? { constants: new Set([...constants].map(rename)) } : {}),
  };
}
