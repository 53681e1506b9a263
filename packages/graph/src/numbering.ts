/**
 * Value numbering: values that are computed alike, by the same operators of the same attributes from the same
 * values, have one number, whatever they are called and in whichever graph they stand.
 */
import { createHash } from "node:crypto";
import { elementCount, type Tensor, toRaw } from "@amaas/tensor";
import type { Attribute, Graph, Node } from "./graph.ts";
import { findOperator } from "./ops/index.ts";
import { freeNames } from "./subgraph.ts";

/** Longer contents are known by their digest. */
const longestKey = 64;

/** The numbers of the values of a graph, by name. */
export type Numbers = Map<string, number>;

export class Numbering {
  readonly #numbers = new Map<string, number>();

  of(key: string): number {
    const found = this.#numbers.get(key);
    if (found !== undefined) return found;
    this.#numbers.set(key, this.#numbers.size);
    return this.#numbers.size - 1;
  }

  ofContent(tensor: Tensor): number {
    return this.of(`content ${contentKey(tensor)}`);
  }

  /**
   * Numbers the nodes of a graph and what they make. `values` holds the numbers of all that is not made by a
   * node and gets those of the rest.
   */
  nodes(graph: Graph, values: Numbers, depth = 0): ReadonlyMap<Node, number> {
    const numbers = new Map<Node, number>();
    for (const node of graph.nodes) {
      const inputs = node.inputs.map((name) => (name === "" ? "" : values.get(name)));
      const attributes = this.attributes(node, values, depth);
      const key = [node.domain, node.op, outputsKey(node), inputs.join(" "), attributes];
      const number = this.of(`node ${JSON.stringify(key)}`);
      numbers.set(node, number);
      for (const [index, name] of node.outputs.entries())
        if (name !== "") values.set(name, this.of(`output ${number} ${index}`));
    }
    return numbers;
  }

  /** A node's attributes as text; one that is given as what it is by default is left out. */
  attributes(node: Node, values: Numbers, depth = 0): string {
    return JSON.stringify(
      givenAttributes(node).map(([name, attribute]) => [
        name,
        attribute.kind === "graph"
          ? this.#body(attribute.value, values, depth + 1)
          : attributeKey(attribute),
      ]),
    );
  }

  /** A graph inside a node: its inputs are known by their place, what it takes from around by its number. */
  #body(graph: Graph, around: Numbers, depth: number): string {
    const values: Numbers = new Map();
    for (const name of freeNames(graph)) values.set(name, around.get(name) ?? this.of(name));
    graph.inputs.forEach(({ name }, place) => {
      values.set(name, this.of(`input ${depth} ${place}`));
    });
    for (const [name, tensor] of graph.initializers) values.set(name, this.ofContent(tensor));
    const nodes = [...this.nodes(graph, values, depth).values()].sort((a, b) => a - b);
    const outputs = graph.outputs.map(({ name }) => values.get(name));
    return JSON.stringify([graph.inputs.length, outputs, nodes]);
  }
}

/** Attributes in the order of their names, without those that say what holds anyway. */
export function givenAttributes({
  domain,
  op,
  attributes,
}: Node): (readonly [string, Attribute])[] {
  const specs = findOperator(domain, op)?.attributes ?? {};
  return Object.entries(attributes)
    .filter(([name, { value }]) => {
      const usual = Object.hasOwn(specs, name) ? specs[name]!.default : undefined;
      if (usual === undefined || typeof value === "string") return usual !== value;
      return JSON.stringify(usual) !== JSON.stringify(value);
    })
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Text that is the same for the same attribute only. Graphs have none: they depend on what is around them. */
export function attributeKey(attribute: Exclude<Attribute, { kind: "graph" }>): string {
  const { kind, value } = attribute;
  if (kind === "tensor") return `tensor ${contentKey(value)}`;
  // As it is: escaped, and escaped again within other keys, it could become longer than a text can be.
  const text =
    kind === "strings" ? value.map((each) => `${each.length} ${each}`).join() : `${value}`;
  return `${kind} ${text.length <= longestKey ? text : `sha256 ${digestOf(text)}`}`;
}

export function sha256Of(tensor: Tensor): string {
  return digestOf(toRaw(tensor));
}

function digestOf(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex");
}

function contentKey(tensor: Tensor): string {
  const short = tensor.type !== "BYTES" && elementCount(tensor.shape) <= longestKey;
  const content = short ? Buffer.from(toRaw(tensor)).toString("base64") : sha256Of(tensor);
  return `${tensor.type} [${tensor.shape}] ${content}`;
}

/** Which outputs a node names. */
export function outputsKey({ outputs }: Node): string {
  return outputs.map((name) => (name === "" ? "-" : "+")).join("");
}
