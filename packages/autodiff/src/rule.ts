/**
 * What a gradient rule is. The types carry the operator's signature, so a rule that forgets an input, or a
 * table that forgets an operator, does not compile.
 */
import type {
  AttributeSpecs,
  Attributes,
  AttributesOf,
  Graph,
  GraphBuilder,
  Known,
  Op,
  Operators,
  SlotNames,
  Slots,
  Value,
} from "@amaas/graph";
import type { Product } from "./products.ts";
import type { Words } from "./random-bits.ts";

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
  /**
   * An input transposed, made once for all nodes that ask for it: where it is a matrix that many multiply with, and each
   * would turn it again. Undefined elsewhere.
   */
  turned(index: number): Value | undefined;
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
  lower(node: Forward<O> & Random): PerOutput<Outputs<O>, Value, readonly (Value | undefined)[]>;
  /** Which nodes are spelled out, if not all. The others have the rule. */
  when?(attributes: AttributesOf<Operators[O]["attributes"]>): boolean;
  readonly rule?: Rule<O>;
  /** Also where no gradient flows: what the engine makes of the node is no function of its inputs. */
  readonly everywhere?: boolean;
  /** Which nodes have a way back of their own for what is spelled out, which is `kept` then. */
  keeps?(
    attributes: AttributesOf<Operators[O]["attributes"]>,
    inputs: readonly (Known | undefined)[],
  ): boolean;
  keep?(node: Forward<O>): Kept;
}

/** A node spelled out, and its way back, which uses what was computed on the way there. */
export interface Kept {
  readonly outputs: readonly Value[];
  /** One gradient for each input; `wanted` says of which. */
  back(
    g: GraphBuilder,
    dy: readonly (Value | null)[],
    wanted: readonly boolean[],
  ): readonly (Value | null)[];
}

/** For what draws random numbers: words that are this node's alone, made of the key that the graph is fed. */
export interface Random {
  randomWords(seed: string): Words;
}

/** For an operator that holds graphs, which may use the values around it. */
export interface BodyRule<O extends Op> {
  through(node: Through<O>): BodyGradients;
}

export interface Through<O extends Op> extends Backward<O>, Bodies {}

export interface Bodies {
  /** The attributes as the node has them, which its forward pass may be given others for. */
  readonly given: Attributes;
  /** What the bodies take from around them, by the names they have for it. */
  readonly captured: ReadonlyMap<string, Value>;
  /** Those of them whose gradient is wanted. */
  readonly wantedInside: ReadonlySet<string>;
  /**
   * Computes a body once more in a graph that is being built, and leads the gradients of its outputs back through it.
   * Returns the gradients of its inputs and of what it captures, by name. With `products`, those of captured matrices
   * are handed out there, as far as they are such.
   */
  readonly flow: (
    b: GraphBuilder,
    body: Graph,
    inputs: readonly Value[],
    dy: readonly (Value | null)[],
    wrt: ReadonlySet<string>,
    products?: Product[],
  ) => ReadonlyMap<string, Value>;
}

export interface BodyGradients {
  readonly inputs: readonly (Value | null)[];
  readonly captured: ReadonlyMap<string, Value>;
}

export type Rules<Ops extends Op> = {
  readonly [O in Ops]: Rule<O> | Lowering<O> | BodyRule<O>;
};

interface AnyForward {
  readonly g: GraphBuilder;
  readonly x: readonly (Value | undefined)[];
  readonly attributes: AttributesOf<AttributeSpecs>;
}

interface AnyBackward extends AnyForward {
  readonly y: Value | readonly (Value | undefined)[];
  readonly dy: Value | readonly (Value | null)[];
  readonly wanted: readonly boolean[];
  turned(index: number): Value | undefined;
}

/** A rule as the walk calls it, which knows the operator by name only and has checked its slots. */
export type AnyRule = { rule(node: AnyBackward): readonly (Value | null)[] }["rule"];
export type AnyBodyRule = { through(node: AnyBackward & Bodies): BodyGradients };
export interface AnyLowering {
  lower(node: AnyForward & Random): Value | readonly (Value | undefined)[];
  when?(attributes: AttributesOf<AttributeSpecs>): boolean;
  readonly rule?: AnyRule;
  readonly everywhere?: boolean;
  keeps?(attributes: AttributesOf<AttributeSpecs>, inputs: readonly (Known | undefined)[]): boolean;
  keep?(node: AnyForward): Kept;
}
