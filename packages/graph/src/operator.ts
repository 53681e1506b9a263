/**
 * What is known about an operator: its inputs and outputs by name, its attributes with their defaults, the
 * types it makes of types, and a plain float64 kernel that says what it computes. The kernel is the oracle of
 * tests, never the engine.
 *
 * A name ending in `?` is optional, and a last name starting with `...` stands for any number (`...?`: some of
 * which may be left out). The table of names carries into the types, so a rule or a kernel that forgets an input
 * does not compile.
 */
import type { AttributeKind, Attributes, AttributeValues, Graph } from "./graph.ts";
import type { Known } from "./infer.ts";
import { misfit } from "./misfit.ts";
import type { NDArray } from "./ndarray.ts";
import type { ValueType } from "./shape.ts";

export type SlotNames = readonly string[];

/** One `T` for each name: a tuple, with undefined where an optional one is left out, open-ended after `...`. */
export type Slots<N extends SlotNames, T> = number extends N["length"]
  ? readonly (T | undefined)[]
  : N extends readonly [infer Name, ...infer Rest extends SlotNames]
    ? Name extends `...${string}`
      ? readonly Slot<Name, T>[]
      : readonly [Slot<Name, T>, ...Slots<Rest, T>]
    : readonly [];

type Slot<Name, T> = Name extends `${string}?` ? T | undefined : T;

export interface AttributeSpec<K extends AttributeKind = AttributeKind, Default = unknown> {
  readonly kind: K;
  readonly required: boolean;
  readonly default?: Default;
}

export type AttributeSpecs = Readonly<Record<string, AttributeSpec>>;

export type AttributesOf<A extends AttributeSpecs> = {
  readonly [N in keyof A]: A[N] extends AttributeSpec<infer K, infer D>
    ? AttributeValues[K] | D
    : never;
};

export interface InferCall<I extends SlotNames, A extends AttributeSpecs> {
  readonly x: Slots<I, ValueType>;
  readonly attributes: AttributesOf<A>;
  /** How many outputs the node names. */
  readonly outputs: number;
  /** What follows for the outputs of a graph in an attribute, which may use the values around the node. */
  readonly inside: (body: Graph, inputs: readonly Known[]) => readonly Known[];
}

export interface KernelCall<I extends SlotNames, A extends AttributeSpecs> {
  readonly x: Slots<I, NDArray>;
  readonly attributes: AttributesOf<A>;
  /** What `infer` said of the outputs, now that every size is known. */
  readonly y: readonly ValueType[];
  /** Runs a graph in an attribute, which may use the values around the node. */
  readonly run: (body: Graph, inputs: readonly NDArray[]) => readonly NDArray[];
}

// Methods, not function properties, so that operators of all signatures fit in one table.
export interface Operator<
  I extends SlotNames = SlotNames,
  O extends SlotNames = SlotNames,
  A extends AttributeSpecs = AttributeSpecs,
> {
  readonly inputs: I;
  readonly outputs: O;
  readonly attributes: A;
  infer(call: InferCall<I, A>): readonly Known[];
  evaluate(call: KernelCall<I, A>): readonly NDArray[];
}

/** Writes an operator down; exists for the types it infers. */
export function operator<
  const I extends SlotNames,
  const O extends SlotNames,
  A extends AttributeSpecs,
>(description: Operator<I, O, A>): Operator<I, O, A> {
  return description;
}

export function required<K extends AttributeKind>(kind: K): AttributeSpec<K, never> {
  return { kind, required: true };
}

export function optional<K extends AttributeKind>(kind: K): AttributeSpec<K, undefined> {
  return { kind, required: false };
}

export function fallback<K extends AttributeKind>(
  kind: K,
  value: AttributeValues[K],
): AttributeSpec<K, AttributeValues[K]> {
  return { kind, required: false, default: value };
}

/** The attributes of a node with the defaults filled in; refuses unknown, missing and mistyped ones. */
export function resolveAttributes(
  specs: AttributeSpecs,
  attributes: Attributes,
): AttributesOf<AttributeSpecs> {
  for (const name of Object.keys(attributes))
    if (!Object.hasOwn(specs, name)) misfit(`there is no attribute "${name}"`);
  return Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [name, resolve(name, spec, attributes)]),
  );
}

function resolve(name: string, spec: AttributeSpec, attributes: Attributes): unknown {
  const given = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
  if (given === undefined) {
    if (spec.required) misfit(`attribute "${name}" is missing`);
    return spec.default;
  }
  if (given.kind !== spec.kind)
    misfit(`attribute "${name}" must be of kind ${spec.kind}, not ${given.kind}`);
  return given.value;
}

/** More inputs than any node has; operators hand all of them to a function at once, and the stack ends somewhere. */
const mostInputs = 2 ** 14;

/**
 * Lines up what a node names with the names of the operator; refuses too few and too many. What comes back has
 * undefined only where a name allows it, which the operator's own types know and this one cannot say.
 */
export function filledSlots<T>(
  names: SlotNames,
  given: readonly (T | undefined)[],
): Slots<SlotNames, T> {
  const open = isVariadic(names);
  const fixed = open ? names.slice(0, -1) : names;
  if (open && fixed.length === 0 && given.length === 0) misfit("at least one input is wanted");
  if (given.length > mostInputs)
    misfit(`${given.length} inputs are more than the ${mostInputs} that a node may have`);
  if (!open && given.length > names.length)
    misfit(`${given.length} inputs are given, at most ${names.length} are wanted`);
  const slots = [...fixed.map((_, index) => given[index]), ...given.slice(fixed.length)];
  for (const [index, value] of slots.entries()) {
    const name = names[index] ?? names.at(-1)!;
    if (value === undefined && !name.endsWith("?")) misfit(`input ${name} is missing`);
  }
  return slots as Slots<SlotNames, T>;
}

/** Whether the last name stands for any number. */
export function isVariadic(names: SlotNames): boolean {
  return names.at(-1)?.startsWith("...") ?? false;
}
