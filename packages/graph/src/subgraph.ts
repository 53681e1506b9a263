/** Graphs inside attributes (the bodies of If, Loop and Scan) may use the values around them by name. */
import type { Attribute, Attributes, Graph, Node } from "./graph.ts";

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
  const rename = (attribute: Attribute): Attribute =>
    attribute.kind === "graph"
      ? { ...attribute, value: renameIn(attribute.value, renamed) }
      : attribute;
  return Object.fromEntries(
    Object.entries(attributes).map(([name, attribute]) => [name, rename(attribute)]),
  );
}

function renameIn(graph: Graph, renamed: ReadonlyMap<string, string>): Graph {
  const made = namesMadeIn(graph);
  const own = new Map([...renamed].filter(([name]) => !made.has(name)));
  const rename = (name: string): string => own.get(name) ?? name;
  return {
    ...graph,
    outputs: graph.outputs.map((output) => ({ ...output, name: rename(output.name) })),
    nodes: graph.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(rename),
      attributes: renameFree(node.attributes, own),
    })),
  };
}
