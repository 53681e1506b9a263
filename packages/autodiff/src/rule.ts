/**
 * What a gradient rule is. The types carry the operator's signature, so a rule that forgets an input, or a
 * table that forgets an operator, does not compile.
 */
import type {
  AttributeSpecs,
  AttributesOf,
  GraphBuilder,
  Op,
  Operators,
  SlotNames,
  Slots,
  Value,
} from "@amaas/graph";

type Inputs<O extends Op> = Operators[O]["inputs"];
type Outputs<O extends Op> = Operators[O]["outputs"];

/** Operators with one output are handed and hand back the value itself, the others one for each name. */
type PerOutput<N extends SlotNames, One, Several> = N extends readonly [infer Only]
  ? Only extends `...${string}`
    ? Several
    : One
  : Several;

/** What a node is given: to a lowering, which puts others in its place, and to a rule, which makes its gradient. */
export interface Forward<O extends Op> {
  /** Emits nodes. */
  readonly g: GraphBuilder;
  /** The inputs of the node; undefined where an optional one is left out. */
  readonly x: Slots<Inputs<O>, Value>;
  readonly attributes: AttributesOf<Operators[O]["attributes"]>;
}

export interface Backward<O extends Op> extends Forward<O> {
  /** What the node makes; undefined at an optional output that it does not name (`g.outputOf` adds it). */
  readonly y: PerOutput<Outputs<O>, Value, Slots<Outputs<O>, Value>>;
  /** The gradient of the loss at the output; null at one of several that the loss does not use. */
  readonly dy: PerOutput<Outputs<O>, Value, Gradients<Outputs<O>>>;
  /** For each input that the node names, whether its gradient is wanted. */
  readonly wanted: readonly boolean[];
}

/** One gradient for each name, null where none flows. */
export type Gradients<N extends SlotNames> = number extends N["length"]
  ? readonly (Value | null)[]
  : N extends readonly [infer Name, ...infer Rest extends SlotNames]
    ? Name extends `...${string}`
      ? readonly (Value | null)[]
      : readonly [Value | null, ...Gradients<Rest>]
    : readonly [];

// Methods throughout, so that rules of all signatures can be called alike (see `AnyRule`).
export type Rule<O extends Op> = { rule(node: Backward<O>): Gradients<Inputs<O>> }["rule"];

/** The node spelled out in operators that have a rule or a lowering: one value for each output. */
export interface Lowering<O extends Op> {
  lower(node: Forward<O>): PerOutput<Outputs<O>, Value, readonly (Value | undefined)[]>;
}

export type Rules<Ops extends Op> = { readonly [O in Ops]: Rule<O> | Lowering<O> };

interface AnyForward {
  readonly g: GraphBuilder;
  readonly x: readonly (Value | undefined)[];
  readonly attributes: AttributesOf<AttributeSpecs>;
}

interface AnyBackward extends AnyForward {
  readonly y: Value | readonly (Value | undefined)[];
  readonly dy: Value | readonly (Value | null)[];
  readonly wanted: readonly boolean[];
}

/** A rule as the walk calls it, which knows the operator by name only and has checked its slots. */
export type AnyRule = { rule(node: AnyBackward): readonly (Value | null)[] }["rule"];
export type AnyLowering = { lower(node: AnyForward): Value | readonly (Value | undefined)[] };
