/** How an operator of one version is written in another. */
import type { Tensor } from "@amaas/tensor";
import type {
  Attribute,
  AttributeKind,
  AttributeOf,
  Attributes,
  AttributeValues,
  Node,
} from "../graph.ts";
import { misfit } from "../misfit.ts";

/** What a change may ask of the graph around the node, and add to it. */
export interface Surroundings {
  initializer(name: string): Tensor | undefined;
  isUsed(name: string): boolean;
  /** A name that nothing has. */
  fresh(hint: string): string;
  /** The name of a new initializer. */
  constant(hint: string, value: Tensor): string;
}

/** The nodes that take the place of one, in order. */
export type Change = (node: Node, around: Surroundings) => Node | readonly Node[];

/** Changes by operator, each with the version of ai.onnx that brought it. */
export type Changes = Readonly<Record<string, { readonly since: number; readonly change: Change }>>;

export function withoutAttributes(node: Node, ...names: readonly string[]): Node {
  const kept = Object.entries(node.attributes).filter(([name]) => !names.includes(name));
  return { ...node, attributes: Object.fromEntries(kept) };
}

export function withAttributes(node: Node, attributes: Attributes): Node {
  return { ...node, attributes: { ...node.attributes, ...attributes } };
}

/** The value of an attribute, if the node has it; one of another kind is refused. */
export function attributeOf<K extends AttributeKind>(
  node: Node,
  name: string,
  kind: K,
): AttributeValues[K] | undefined {
  const found = Object.hasOwn(node.attributes, name) ? node.attributes[name] : undefined;
  if (!found) return undefined;
  return isKind(found, kind)
    ? found.value
    : misfit(`attribute "${name}" must be of kind ${kind}, not ${found.kind}`);
}

function isKind<K extends AttributeKind>(
  found: Attribute,
  kind: K,
): found is Attribute & AttributeOf<K> {
  return found.kind === kind;
}

/** A node of ai.onnx with one output. */
export function nodeOf(
  op: string,
  inputs: readonly string[],
  output: string,
  attributes: Attributes = {},
): Node {
  return { op, domain: "", name: output, inputs, outputs: [output], attributes };
}
