/**
 * Which node of one graph is which of another. Nodes that compute the same from the same are found by their
 * number; what lies around a change is paired from its neighbours: backwards from what is paired, where the same
 * input is made by the same operator, and forwards, where the same operator takes the same values.
 */
import type { Graph, Node } from "./graph.ts";
import type { Numbering, Numbers } from "./numbering.ts";

/** A value that thousands use says little about who they are. */
const mostCandidates = 32;

/** A graph with the numbers of its values and nodes. */
export interface Side {
  readonly graph: Graph;
  readonly values: Numbers;
  readonly nodes: ReadonlyMap<Node, number>;
  /** Which node makes a value. */
  readonly makers: ReadonlyMap<string, Node>;
}

export interface Matching {
  /** By the nodes of the second graph. */
  readonly partners: ReadonlyMap<Node, Node>;
  readonly removed: readonly Node[];
  /** Whether two values are the same, or made by nodes that are a pair. */
  corresponds(a: string, b: string): boolean;
  /** The number of a value of the first graph, as its partner in the second has it. */
  numberOf(a: string): number | undefined;
}

export function matchNodes(a: Side, b: Side, numbering: Numbering): Matching {
  const matcher = new Matcher(a, b, numbering);
  matcher.exact();
  matcher.backwards();
  matcher.forwards();
  matcher.byName();
  return matcher;
}

class Matcher implements Matching {
  readonly partners = new Map<Node, Node>();
  readonly #a: Side;
  readonly #b: Side;
  readonly #numbering: Numbering;
  readonly #partnersOfA = new Map<Node, Node>();
  /** Values of the first graph whose number differs from that of their partner. */
  readonly #pairedValues = new Map<string, string>();
  #open: (readonly [Node, Node])[] = [];

  constructor(a: Side, b: Side, numbering: Numbering) {
    this.#a = a;
    this.#b = b;
    this.#numbering = numbering;
  }

  get removed(): readonly Node[] {
    return this.#a.graph.nodes.filter((node) => !this.#partnersOfA.has(node));
  }

  corresponds(a: string, b: string): boolean {
    if (a === "" || b === "") return a === b;
    return this.#pairedValues.get(a) === b || this.#a.values.get(a) === this.#b.values.get(b);
  }

  numberOf(a: string): number | undefined {
    const partner = this.#pairedValues.get(a);
    return partner === undefined ? this.#a.values.get(a) : this.#b.values.get(partner);
  }

  exact(): void {
    const waiting = new Map<number, Node[]>();
    for (const node of this.#b.graph.nodes.toReversed()) {
      const number = this.#b.nodes.get(node)!;
      const others = waiting.get(number);
      if (others) others.push(node);
      else waiting.set(number, [node]);
    }
    for (const node of this.#a.graph.nodes) {
      const partner = waiting.get(this.#a.nodes.get(node)!)?.pop();
      if (partner) this.#join(node, partner);
    }
  }

  backwards(): void {
    const outputs = new Set(this.#b.graph.outputs.map(({ name }) => name));
    for (const { name } of this.#a.graph.outputs)
      if (outputs.has(name)) this.#pairMakers(name, name);
    this.#drain();
  }

  forwards(): void {
    const users = this.#usersInB();
    for (const node of this.#a.graph.nodes) {
      if (this.#partnersOfA.has(node)) continue;
      const partner = this.#likest(node, users);
      if (partner) this.#pair(node, partner);
      this.#drain();
    }
  }

  /** What is left may still be called the same. */
  byName(): void {
    const named = new Map(
      this.#b.graph.nodes
        .filter((node) => !this.partners.has(node))
        .map((node) => [nameKey(node), node]),
    );
    for (const node of this.#a.graph.nodes) {
      const partner = this.#partnersOfA.has(node) ? undefined : named.get(nameKey(node));
      if (partner && !this.partners.has(partner)) this.#pair(node, partner);
      this.#drain();
    }
  }

  #drain(): void {
    for (let next = this.#open.pop(); next; next = this.#open.pop()) {
      const [a, b] = next;
      for (const [slot, name] of a.inputs.entries()) this.#pairMakers(name, b.inputs[slot] ?? "");
    }
  }

  #pairMakers(nameA: string, nameB: string): void {
    const a = this.#a.makers.get(nameA);
    const b = this.#b.makers.get(nameB);
    if (!a || !b || a.op !== b.op || a.domain !== b.domain) return;
    if (this.#partnersOfA.has(a) || this.partners.has(b)) return;
    if (a.outputs.indexOf(nameA) === b.outputs.indexOf(nameB)) this.#pair(a, b);
  }

  #pair(a: Node, b: Node): void {
    this.#join(a, b);
    this.#open.push([a, b]);
    for (const [index, name] of a.outputs.entries()) {
      const other = b.outputs[index] ?? "";
      if (name !== "" && other !== "") this.#pairedValues.set(name, other);
    }
  }

  #join(a: Node, b: Node): void {
    this.#partnersOfA.set(a, b);
    this.partners.set(b, a);
  }

  /** The nodes of the second graph that are still alone, by operator, place and number of each input. */
  #usersInB(): ReadonlyMap<string, Node[]> {
    const users = new Map<string, Node[]>();
    for (const node of this.#b.graph.nodes) {
      if (this.partners.has(node)) continue;
      for (const [slot, name] of node.inputs.entries()) {
        const key = useKey(node, slot, this.#b.values.get(name));
        const others = users.get(key);
        if (!others) users.set(key, [node]);
        else if (others.length < mostCandidates) others.push(node);
      }
    }
    return users;
  }

  /** The node that takes the most of the same values; among equals the one of the same attributes, then the first. */
  #likest(node: Node, users: ReadonlyMap<string, Node[]>): Node | undefined {
    const scores = new Map<Node, number>();
    for (const [slot, name] of node.inputs.entries()) {
      if (name === "") continue;
      for (const candidate of users.get(useKey(node, slot, this.numberOf(name))) ?? [])
        if (!this.partners.has(candidate))
          scores.set(candidate, (scores.get(candidate) ?? this.#likeness(node, candidate)) + 1);
    }
    let best: Node | undefined;
    for (const [candidate, score] of scores)
      if (!best || score > scores.get(best)!) best = candidate;
    return best;
  }

  /** Less than one value in common. */
  #likeness(a: Node, b: Node): number {
    const same =
      this.#numbering.attributes(a, this.#a.values) ===
      this.#numbering.attributes(b, this.#b.values);
    return (same ? 0.5 : 0) + (nameKey(a) === nameKey(b) ? 0.25 : 0);
  }
}

function useKey({ domain, op }: Node, slot: number, number: number | undefined): string {
  return `${domain} ${op} ${slot} ${number}`;
}

function nameKey({ domain, op, outputs }: Node): string {
  return `${domain} ${op} ${outputs[0]}`;
}
