/** From a draft of values and nodes to a graph: what no output needs is left out, everything else gets a name. */
import type { Tensor } from "@amaas/tensor";
import type { Attributes, Graph, Node, Opsets, ValueInfo } from "./graph.ts";
import { misfit } from "./misfit.ts";
import { findOperator } from "./ops/index.ts";
import { domainsOf, renameClashes, renameFree, subgraphsOf } from "./subgraph.ts";
import type { Value } from "./value.ts";

/** A node whose values have no names yet. */
export interface PendingNode {
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly (Value | undefined)[];
  readonly outputs: readonly Value[];
  /** Replaced where a node takes on more outputs than it had. */
  attributes: Attributes;
  /** The name it had in a graph that it comes from. */
  readonly name: string | undefined;
  /** What its subgraphs take from around them. */
  readonly captured: ReadonlyMap<string, Value>;
}

export interface Draft {
  readonly name: string;
  readonly opsets: Opsets;
  readonly inputs: readonly (readonly [name: string, value: Value])[];
  readonly outputs: readonly (readonly [
    name: string,
    value: Value,
    info: Omit<ValueInfo, "name">,
  ])[];
  readonly constants: ReadonlyMap<Value, Tensor>;
  /** Constants that keep their name. */
  readonly named: readonly (readonly [name: string, value: Value])[];
  /** Names to be given where they are free; an output whose name is empty stays without one. */
  readonly hints: ReadonlyMap<Value, string>;
  readonly nodes: readonly PendingNode[];
  /** Whether a value is one of a graph around this one. */
  readonly isOuter: (value: Value) => boolean;
}

/** A graph, and the values around it that it uses, by the names that it has for them. */
export interface Assembled {
  readonly graph: Graph;
  readonly captured: ReadonlyMap<string, Value>;
}

export function assemble(draft: Draft): Assembled {
  const names = new Map<Value, string>();
  for (const [name, value] of [...draft.inputs, ...draft.named]) names.set(value, name);
  const nodes = [...draft.nodes, ...nameOutputs(draft, names)];
  const { live, used } = liveParts(draft, nodes);
  const captured = nameOuter(draft, used, names);
  const taken = claim(draft, used);
  nameRest(draft, live, used, names, taken);

  const nameOf = (value: Value): string => names.get(value)!;
  const repeats = new Map<string, number>();
  const values = live.flatMap((node) => declarations(node, nameOf));
  const graph = {
    name: draft.name,
    opsets: usedOpsets(draft.opsets, live),
    inputs: draft.inputs.map(([name, { type, shape }]) => ({ name, type: type!, shape: shape! })),
    outputs: draft.outputs.map(([name, , info]) => ({ name, ...info })),
    initializers: new Map(
      [...draft.constants]
        .filter(([value]) => used.has(value))
        .map(([v, tensor]) => [nameOf(v), tensor]),
    ),
    nodes: withOwnNames(live.map((node) => finished(node, nameOf, taken, repeats))),
    ...(values.length > 0 ? { values } : {}),
  };
  return { graph, captured };
}

/** Names for values around, until the graph around gives them theirs: such as no value of a graph has. */
function nameOuter(
  { isOuter }: Draft,
  used: ReadonlySet<Value>,
  names: Map<Value, string>,
): ReadonlyMap<string, Value> {
  const captured = new Map<string, Value>();
  for (const value of used) {
    if (!isOuter(value)) continue;
    const name = `\0${captured.size}`;
    captured.set(name, value);
    names.set(value, name);
  }
  return captured;
}

/**
 * A value that a node makes takes the name of its output. A second name for it, or an input or a constant that
 * is an output, takes an Identity.
 */
function nameOutputs(draft: Draft, names: Map<Value, string>): readonly PendingNode[] {
  const made = new Set(draft.nodes.flatMap((node) => node.outputs));
  const copies: PendingNode[] = [];
  for (const [name, value] of draft.outputs) {
    if (made.has(value) && !names.has(value)) {
      names.set(value, name);
      continue;
    }
    const copy: Value = { type: value.type, shape: value.shape, label: name };
    names.set(copy, name);
    copies.push({
      op: "Identity",
      domain: "",
      inputs: [value],
      outputs: [copy],
      attributes: {},
      name: undefined,
      captured: new Map(),
    });
  }
  return copies;
}

/** The nodes that outputs need, in order, and every value that they use. */
function liveParts(
  draft: Draft,
  nodes: readonly PendingNode[],
): { live: readonly PendingNode[]; used: ReadonlySet<Value> } {
  const used = new Set(draft.outputs.map(([, value]) => value));
  const copies = new Set(nodes.slice(draft.nodes.length));
  const live = nodes.toReversed().filter((node) => {
    if (!copies.has(node) && !node.outputs.some((output) => used.has(output))) return false;
    for (const input of node.inputs) if (input) used.add(input);
    for (const value of node.captured.values()) used.add(value);
    return true;
  });
  return { live: live.reverse(), used };
}

/** The names that are given by the caller; each may be given once. */
function claim(draft: Draft, used: ReadonlySet<Value>): Set<string> {
  const taken = new Set<string>();
  const given = [
    ...draft.inputs.map(([name]) => name),
    ...draft.named.filter(([, value]) => used.has(value)).map(([name]) => name),
    ...draft.outputs.map(([name]) => name),
  ];
  for (const name of given) {
    if (name === "") misfit("an input, an output or an initializer has an empty name");
    if (taken.has(name)) misfit(`the name "${name}" is given to two values of "${draft.name}"`);
    taken.add(name);
  }
  return taken;
}

function nameRest(
  draft: Draft,
  live: readonly PendingNode[],
  used: ReadonlySet<Value>,
  names: Map<Value, string>,
  taken: Set<string>,
): void {
  const made = new Set(live.flatMap((node) => node.outputs));
  const isThere = (value: Value) =>
    made.has(value) || (draft.constants.has(value) && used.has(value));
  const counts = new Map<string, number>();
  const numbered = (stem: string): string => {
    const count = counts.get(stem) ?? 0;
    counts.set(stem, count + 1);
    return `${stem}_${count}`;
  };
  const give = (value: Value, stem: string): void => {
    if (names.has(value)) return;
    const hint = draft.hints.get(value);
    let name = hint ?? numbered(stem);
    while (taken.has(name)) name = numbered(hint ?? stem);
    if (name !== "") taken.add(name);
    names.set(value, name);
  };
  // What has a name keeps it wherever it stands: names that are made up come after all of these.
  for (const [value, hint] of draft.hints) {
    if (hint === "" || names.has(value) || taken.has(hint) || !isThere(value)) continue;
    taken.add(hint);
    names.set(value, hint);
  }
  for (const value of draft.constants.keys()) if (used.has(value)) give(value, "const");
  for (const node of live) for (const output of node.outputs) give(output, node.op.toLowerCase());
}

/** Nodes that came from several graphs may have one name; an engine wants one each. */
function withOwnNames(nodes: readonly Node[]): readonly Node[] {
  const taken = new Set<string>();
  const repeats = new Map<string, number>();
  return nodes.map((node) => {
    let { name } = node;
    let repeat = repeats.get(name) ?? 0;
    while (name !== "" && taken.has(name)) name = `${node.name}_${++repeat}`;
    repeats.set(node.name, repeat);
    taken.add(name);
    return name === node.name ? node : { ...node, name };
  });
}

function finished(
  node: PendingNode,
  nameOf: (value: Value) => string,
  taken: ReadonlySet<string>,
  repeats: Map<string, number>,
): Node {
  const { op, domain, captured } = node;
  const given = node.inputs.findLastIndex((input) => input !== undefined) + 1;
  const inputs = node.inputs.slice(0, given);
  const outputs = node.outputs.map(nameOf);
  const renamed = new Map([...captured].map(([name, value]) => [name, nameOf(value)]));
  const own =
    subgraphsOf(node).length > 0 ? renameClashes(node.attributes, taken, repeats) : node.attributes;
  return {
    op,
    domain,
    name: node.name || outputs[0] || "",
    inputs: inputs.map((input) => (input ? nameOf(input) : "")),
    outputs,
    attributes: captured.size > 0 ? renameFree(own, renamed) : own,
  };
}

/** What is known of the outputs of operators that are not described here would be lost otherwise. */
function declarations(node: PendingNode, nameOf: (value: Value) => string): readonly ValueInfo[] {
  if (findOperator(node.domain, node.op)) return [];
  return node.outputs.flatMap((value) => {
    const { type, shape } = value;
    return type && shape ? [{ name: nameOf(value), type, shape }] : [];
  });
}

function usedOpsets(opsets: Opsets, live: readonly PendingNode[]): Opsets {
  const domains = new Set(["", ...live.flatMap(domainsOf)]);
  return Object.fromEntries(Object.entries(opsets).filter(([domain]) => domains.has(domain)));
}
