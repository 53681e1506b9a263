/** From the plain values that are pleasant to write to the tagged attributes of a node. */
import type { Tensor } from "@amaas/tensor";
import type { Attribute, AttributeKind, Attributes, Graph } from "./graph.ts";
import { misfit } from "./misfit.ts";
import type { AttributeSpecs } from "./operator.ts";
import type { Subgraph } from "./value.ts";

export type PlainAttribute =
  | number
  | string
  | readonly number[]
  | readonly string[]
  | Tensor
  | Graph
  | Subgraph
  | Attribute;

export type PlainAttributes = Readonly<Record<string, PlainAttribute | undefined>>;

/**
 * Numbers become the kind that the operator wants; without one, whole numbers are taken for integers, so a
 * float that may be whole is written `{ kind: "float", value }`. What is undefined is left out.
 */
export function toAttributes(plain: PlainAttributes, specs: AttributeSpecs = {}): Attributes {
  const entries: [string, Attribute][] = [];
  for (const [name, value] of Object.entries(plain)) {
    if (value === undefined) continue;
    const wanted = Object.hasOwn(specs, name) ? specs[name]!.kind : undefined;
    entries.push([name, toAttribute(name, value, wanted)]);
  }
  return Object.fromEntries(entries);
}

function toAttribute(name: string, value: PlainAttribute, wanted?: AttributeKind): Attribute {
  if (typeof value === "number") return number(name, value, wanted);
  if (typeof value === "string") return { kind: "string", value };
  if (isList(value)) return list(name, value, wanted);
  if ("kind" in value) return value;
  if (isSubgraph(value)) return { kind: "graph", value: value.graph };
  return "nodes" in value ? { kind: "graph", value } : { kind: "tensor", value };
}

/** Whether an attribute is a body that was built for the node. */
export function isSubgraph(value: PlainAttribute | undefined): value is Subgraph {
  return typeof value === "object" && "captured" in value;
}

function isList(value: PlainAttribute): value is readonly number[] | readonly string[] {
  return Array.isArray(value);
}

// Floats are rounded as the file format rounds them, so that writing and reading changes nothing.
function number(name: string, value: number, wanted?: AttributeKind): Attribute {
  const kind = wanted ?? (Number.isInteger(value) ? "int" : "float");
  return kind === "float"
    ? { kind, value: Math.fround(value) }
    : { kind: "int", value: whole(name, value) };
}

function list(
  name: string,
  value: readonly number[] | readonly string[],
  wanted?: AttributeKind,
): Attribute {
  if (isTexts(value, wanted)) return { kind: "strings", value };
  const integers = wanted ? wanted === "ints" : value.every(Number.isInteger);
  return integers
    ? { kind: "ints", value: value.map((entry) => whole(name, entry)) }
    : { kind: "floats", value: value.map(Math.fround) };
}

function isTexts(
  value: readonly number[] | readonly string[],
  wanted?: AttributeKind,
): value is readonly string[] {
  return value.length === 0 ? wanted === "strings" : typeof value[0] === "string";
}

function whole(name: string, value: number): number {
  return Number.isSafeInteger(value)
    ? value
    : misfit(`attribute "${name}" is ${value}, a whole number within 2^53 is wanted`);
}
