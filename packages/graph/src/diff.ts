/**
 * What two graphs differ in, whatever their inner values are called and in whichever order their nodes stand:
 * their signatures, their constants, and the nodes that compute something else or from something else. Takes
 * time in proportion to the size of the graphs.
 */
import { type InitializerDifference, pairInitializers } from "./diff-initializers.ts";
import type { Attribute, Graph, Node, ValueInfo } from "./graph.ts";
import { type Matching, matchNodes, type Side } from "./match-nodes.ts";
import { attributeKey, givenAttributes, Numbering, type Numbers, outputsKey } from "./numbering.ts";
import { findOperator } from "./ops/index.ts";
import { printCall } from "./print.ts";
import { printAttribute } from "./print-value.ts";
import { printType } from "./shape.ts";
import { freeNames } from "./subgraph.ts";

export interface GraphDiff {
  readonly equal: boolean;
  readonly opsets: readonly Change[];
  readonly inputs: readonly SignatureDifference[];
  readonly outputs: readonly SignatureDifference[];
  readonly initializers: readonly InitializerDifference[];
  readonly nodes: readonly NodeDifference[];
}

/** Something that has a name; undefined on the side where it is not. */
export interface Change {
  readonly name: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** `from` and `to` are types, or for an output that is computed otherwise, what computes it. */
export interface SignatureDifference extends Change {
  readonly kind: "added" | "removed" | "changed" | "computed otherwise";
}

/** A node: `call` is all of it as text. */
export interface NodeMark {
  readonly name: string;
  readonly op: string;
  readonly domain: string;
  readonly call: string;
}

export type NodeDifference =
  | { readonly kind: "added" | "removed"; readonly node: NodeMark }
  | {
      readonly kind: "changed";
      readonly from: NodeMark;
      readonly to: NodeMark;
      readonly attributes: readonly Change[];
      readonly inputs: readonly Change[];
      /** Graphs inside the node. */
      readonly bodies: readonly { readonly name: string; readonly diff: GraphDiff }[];
    };

export interface DiffOptions {
  /** Whether weights of one name, type and shape are compared by value; true where it is left out. */
  readonly values?: boolean;
}

export function diffGraphs(a: Graph, b: Graph, { values = true }: DiffOptions = {}): GraphDiff {
  return diffIn(a, b, { numbering: new Numbering(), values, a: new Map(), b: new Map(), depth: 0 });
}

/** The constants alone. */
export function diffInitializers(a: Graph, b: Graph): readonly InitializerDifference[] {
  return pairInitializers(a, b, new Numbering(), true).differences;
}

/** What holds around two graphs: the numbers of the values that they may use. */
interface Surroundings {
  readonly numbering: Numbering;
  readonly values: boolean;
  readonly a: Numbers;
  readonly b: Numbers;
  /** How many nodes a graph lies within; inputs and outputs of an inner one are known by their place. */
  readonly depth: number;
}

function diffIn(a: Graph, b: Graph, around: Surroundings): GraphDiff {
  const { numbering } = around;
  const isBody = around.depth > 0;
  const pairs = pairInitializers(a, b, numbering, around.values);
  const sides = [sideOf(a, around.a, pairs.a, around), sideOf(b, around.b, pairs.b, around)];
  const [sideA, sideB] = sides as [Side, Side];
  const matching = matchNodes(sideA, sideB, numbering);
  const differences = {
    opsets: changes(opsetTexts(a), opsetTexts(b)),
    inputs: isBody ? placesOf(a.inputs, b.inputs) : signature(a.inputs, b.inputs),
    outputs: [
      ...(isBody ? placesOf(a.outputs, b.outputs) : signature(a.outputs, b.outputs)),
      ...computedOtherwise(sideA, sideB, matching, isBody),
    ],
    initializers: pairs.differences,
    nodes: nodeDifferences(sideA, sideB, matching, around),
  };
  return { equal: Object.values(differences).every(({ length }) => length === 0), ...differences };
}

/** An initializer here and an input of its name there are one value: weights that moved in or out. */
function sideOf(
  graph: Graph,
  outside: Numbers,
  initializers: ReadonlyMap<string, number>,
  { numbering, depth }: Surroundings,
): Side {
  const values: Numbers = new Map(outside);
  for (const [name, number] of initializers) values.set(name, number);
  graph.inputs.forEach(({ name }, place) => {
    values.set(name, numbering.of(depth > 0 ? `input ${depth} ${place}` : `initializer ${name}`));
  });
  const nodes = numbering.nodes(graph, values, depth);
  return { graph, values, nodes, makers: makersOf(graph) };
}

function makersOf(graph: Graph): ReadonlyMap<string, Node> {
  const makers = new Map<string, Node>();
  for (const node of graph.nodes) for (const name of node.outputs) makers.set(name, node);
  makers.delete("");
  return makers;
}

function opsetTexts({ opsets }: Graph): ReadonlyMap<string, string> {
  return new Map(Object.entries(opsets).map(([name, version]) => [name, String(version)]));
}

function changes(
  a: ReadonlyMap<string, string>,
  b: ReadonlyMap<string, string>,
): readonly Change[] {
  const names = new Set([...a.keys(), ...b.keys()]);
  return [...names]
    .map((name) => ({ name, from: a.get(name), to: b.get(name) }))
    .filter(({ from, to }) => from !== to);
}

function signature(
  a: readonly ValueInfo[],
  b: readonly ValueInfo[],
): readonly SignatureDifference[] {
  return changes(typesOf(a), typesOf(b)).map((change) => ({ kind: kindOf(change), ...change }));
}

function typesOf(values: readonly ValueInfo[]): ReadonlyMap<string, string> {
  return new Map(values.map((value) => [value.name, printType(value)]));
}

function placesOf(
  a: readonly ValueInfo[],
  b: readonly ValueInfo[],
): readonly SignatureDifference[] {
  const numbered = (values: readonly ValueInfo[]) =>
    values.map((value, place) => ({ ...value, name: String(place) }));
  return signature(numbered(a), numbered(b));
}

function kindOf({ from, to }: Change): "added" | "removed" | "changed" {
  if (from === undefined) return "added";
  return to === undefined ? "removed" : "changed";
}

function computedOtherwise(
  a: Side,
  b: Side,
  matching: Matching,
  byPlace: boolean,
): readonly SignatureDifference[] {
  const names = new Set(a.graph.outputs.map((output) => output.name));
  return b.graph.outputs.flatMap(({ name }, place) => {
    const sameName = names.has(name) ? name : undefined;
    const other = byPlace ? a.graph.outputs[place]?.name : sameName;
    if (other === undefined || matching.corresponds(other, name)) return [];
    const [from, to] = [makerText(a, other), makerText(b, name)];
    return [
      { kind: "computed otherwise" as const, name: byPlace ? String(place) : name, from, to },
    ];
  });
}

function makerText({ graph, makers }: Side, name: string): string {
  const maker = makers.get(name);
  return maker ? callOf(graph, maker) : name;
}

function nodeDifferences(
  a: Side,
  b: Side,
  matching: Matching,
  around: Surroundings,
): readonly NodeDifference[] {
  const removed = matching.removed.map((node) => ({
    kind: "removed" as const,
    node: markOf(a.graph, node),
  }));
  const rest = b.graph.nodes.flatMap((node): NodeDifference[] => {
    const partner = matching.partners.get(node);
    if (!partner) return [{ kind: "added", node: markOf(b.graph, node) }];
    return changed(a, partner, b, node, matching, around);
  });
  return [...removed, ...rest];
}

function changed(
  a: Side,
  from: Node,
  b: Side,
  to: Node,
  matching: Matching,
  around: Surroundings,
): NodeDifference[] {
  if (a.nodes.get(from) === b.nodes.get(to)) return [];
  const attributes = changedAttributes(from, to);
  const inputs = changedInputs(from, to, matching);
  const bodies = changedBodies(from, b, to, matching, around);
  const outputs = outputsKey(from) === outputsKey(to);
  if (outputs && attributes.length + inputs.length + bodies.length === 0) return [];
  const marks = { from: markOf(a.graph, from), to: markOf(b.graph, to) };
  return [{ kind: "changed", ...marks, attributes, inputs, bodies }];
}

function changedInputs(from: Node, to: Node, matching: Matching): readonly Change[] {
  const slots = Math.max(from.inputs.length, to.inputs.length);
  const names = findOperator(to.domain, to.op)?.inputs ?? [];
  return Array.from({ length: slots }, (_, slot) => slot).flatMap((slot) => {
    const [before = "", after = ""] = [from.inputs[slot], to.inputs[slot]];
    if (matching.corresponds(before, after)) return [];
    const name = names[slot]?.replace(/^\.\.\.|\?$/g, "") ?? String(slot);
    return [{ name, from: before || undefined, to: after || undefined }];
  });
}

function changedAttributes(from: Node, to: Node): readonly Change[] {
  const [before, after] = [plainAttributes(from), plainAttributes(to)];
  const keys = (of: ReadonlyMap<string, PlainAttribute>) =>
    new Map([...of].map(([name, attribute]) => [name, attributeKey(attribute)]));
  return changes(keys(before), keys(after)).map(({ name }) => {
    const text = (of: ReadonlyMap<string, PlainAttribute>) =>
      of.has(name) ? printAttribute(of.get(name)!) : undefined;
    return { name, from: text(before), to: text(after) };
  });
}

type PlainAttribute = Exclude<Attribute, { kind: "graph" }>;

function plainAttributes(node: Node): ReadonlyMap<string, PlainAttribute> {
  return new Map(
    givenAttributes(node).flatMap(([name, attribute]) =>
      attribute.kind === "graph" ? [] : [[name, attribute] as const],
    ),
  );
}

function changedBodies(
  from: Node,
  b: Side,
  to: Node,
  matching: Matching,
  { numbering, values, depth }: Surroundings,
): readonly { name: string; diff: GraphDiff }[] {
  return Object.entries(to.attributes).flatMap(([name, after]) => {
    const before = from.attributes[name];
    if (after.kind !== "graph" || before?.kind !== "graph") return [];
    const outsideA = numbersOf(before.value, (free) => matching.numberOf(free));
    const outsideB = numbersOf(after.value, (free) => b.values.get(free));
    const inner = { numbering, values, a: outsideA, b: outsideB, depth: depth + 1 };
    const diff = diffIn(before.value, after.value, inner);
    return diff.equal ? [] : [{ name, diff }];
  });
}

function numbersOf(graph: Graph, find: (name: string) => number | undefined): Numbers {
  const found = [...freeNames(graph)].map((name) => [name, find(name)] as const);
  return new Map(found.flatMap(([name, number]) => (number === undefined ? [] : [[name, number]])));
}

function markOf(graph: Graph, node: Node): NodeMark {
  const { name, op, domain } = node;
  return { name, op, domain, call: callOf(graph, node) };
}

function callOf(graph: Graph, node: Node): string {
  const outputs = node.outputs.join(", ");
  return `${outputs} = ${printCall(node, (name) => graph.initializers.get(name))}`;
}
