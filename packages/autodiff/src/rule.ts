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

/** One thing for an operator with one output, a list for one with any number. */
type PerOutput<N extends SlotNames, One, Each> = N extends readonly [`...${string}`]
  ? readonly Each[]
  : One;

export interface Backward<O extends Op> {
  /** Emits the nodes of the gradient. */
  readonly g: GraphBuilder;
  /** The inputs of the node; undefined where an optional one is left out. */
  readonly x: Slots<Inputs<O>, Value>;
  readonly y: PerOutput<Outputs<O>, Value, Value>;
  /** The gradient of the loss at the output; null at one of several that the loss does not use. */
  readonly dy: PerOutput<Outputs<O>, Value, Value | null>;
  readonly attributes: AttributesOf<Operators[O]["attributes"]>;
}

/** One gradient for each input, null where none flows. */
export type Gradients<N extends SlotNames> = N extends readonly [`...${string}`]
  ? readonly (Value | null)[]
  : { readonly [I in keyof N]: Value | null };

/** Taken from a method so that rules of all signatures can be called alike (see `AnyRule`). */
export type Rule<O extends Op> = { rule(node: Backward<O>): Gradients<Inputs<O>> }["rule"];

export type Rules<Ops extends Op> = { readonly [O in Ops]: Rule<O> };

/** A rule as the walk calls it, which knows the operator by name only and has checked its slots. */
export type AnyRule = {
  rule(node: {
    readonly g: GraphBuilder;
    readonly x: readonly (Value | undefined)[];
    readonly y: Value | readonly Value[];
    readonly dy: Value | readonly (Value | null)[];
    readonly attributes: AttributesOf<AttributeSpecs>;
  }): readonly (Value | null)[];
}["rule"];
