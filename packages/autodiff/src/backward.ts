/**
 * How gradients flow: one walk over the nodes in reverse. The gradients that reach a value are added in the order
 * in which the walk finds them, which the graph alone decides; what the parameters do not influence is never
 * visited; an operator without a rule on the way is refused by name.
 */
import {
  describeNode,
  filledSlots,
  findOperator,
  freeNames,
  type Graph,
  type GraphBuilder,
  inferBodyTypes,
  isVariadic,
  type Node,
  namesUsedBy,
  resolveAttributes,
  subgraphsOf,
  type Value,
} from "@amaas/graph";
import {
  factorsOf,
  isProduct,
  isWorthwhile,
  type Product,
  sharedFactors,
  sumOfProducts,
  turn,
} from "./products.ts";
import { influencedBy } from "./reach.ts";
import { Recomputed } from "./recompute.ts";
import { inNode, refuse } from "./refusal.ts";
import type { Bodies, Kept } from "./rule.ts";
import { findBodyRule, findRule } from "./rules/index.ts";
import { onesLike } from "./sizes.ts";
import { unbroadcast } from "./unbroadcast.ts";

export interface GradientOptions {
  /** An output of one element. */
  readonly loss: string;
  /** Inputs, initializers, or values in between. */
  readonly wrt: readonly string[];
  /** Values to be taken for constants: no gradient flows through them. */
  readonly constants?: readonly string[];
  /** Values between nodes that are computed again on the way back rather than kept: less memory, more time. */
  readonly recompute?: readonly string[];
}

/** The values of the graph, by name, in the builder that the gradient is written with. */
export type Values = ReadonlyMap<string, Value>;

/** The gradient of the scalar `loss` at each value between it and `wrt`, as far as one flows. */
export function backward(
  g: GraphBuilder,
  graph: Graph,
  values: Values,
  { loss, wrt, constants, recompute }: Required<GradientOptions>,
  kept: ReadonlyMap<Node, Kept>,
): Values {
  const active = influencedBy(graph, values, wrt, new Set(constants));
  const seen = new Recomputed(g, graph, values, recompute);
  const gradients = new Map<string, Value>();
  if (active.has(loss)) gradients.set(loss, onesLike(g, values.get(loss)!));
  const shared = sharedFactors(graph);
  const held = new Set(constants);
  flow({ g, graph, seen, active, held, shared, turned: new Map(), kept }, gradients);
  return gradients;
}

/** A graph on its way back. */
interface Walk {
  readonly g: GraphBuilder;
  readonly graph: Graph;
  readonly seen: Recomputed;
  readonly active: ReadonlySet<string>;
  /** What nothing flows through, though a gradient may be wanted there. */
  readonly held: ReadonlySet<string>;
  /** The matrices whose gradients are put together of all their uses. */
  readonly shared: ReadonlySet<string>;
  /** Those of them that were wanted transposed. */
  readonly turned: Map<string, Value>;
  /** The nodes that have been spelled out with their way back. */
  readonly kept?: ReadonlyMap<Node, Kept>;
  /** Where the uses of captured matrices go, and what is captured. */
  readonly outside?: { readonly captured: Values; readonly products: Product[] } | undefined;
}

/** Leads the gradients that are there back through all nodes; adds those that are met on the way. */
function flow(walk: Walk, gradients: Map<string, Value>): void {
  const { g, seen, active, held } = walk;
  const reach = (name: string, gradient: Value): void => {
    const fitted = unbroadcast(g, gradient, seen.known(name)!);
    const sofar = gradients.get(name);
    gradients.set(name, sofar ? g.add(sofar, fitted) : fitted);
  };
  const products = new Map<string, Product[]>();
  const gather = (name: string): void => {
    const uses = products.get(name);
    products.delete(name);
    if (uses) reach(name, sumOfProducts(g, uses));
  };
  for (const node of walk.graph.nodes.toReversed()) {
    // All uses of what a node makes are behind it.
    for (const name of node.outputs) gather(name);
    const dy = node.outputs.map((name) => (held.has(name) ? null : (gradients.get(name) ?? null)));
    if (dy.every((gradient) => gradient === null)) continue;
    if (!namesUsedBy(node).some((name) => active.has(name))) continue;
    const apart = productsOf(walk, node, dy);
    for (const [name, gradient] of throughNode(walk, node, dy)) {
      if (!gradient || !active.has(name) || apart.some(({ factor }) => factor.name === name))
        continue;
      inNode(node, walk.graph, () => reach(name, gradient));
    }
    for (const product of apart) {
      const { name } = product.factor;
      const uses = products.get(name);
      if (walk.outside?.captured.has(name)) walk.outside.products.push(product);
      else if (uses) uses.push(product);
      else products.set(name, [product]);
    }
  }
  for (const name of [...products.keys()]) gather(name);
}

/** The matrices that a node multiplies with whose gradients are put together later. */
function productsOf(
  { seen, active, shared, outside }: Walk,
  node: Node,
  [d = null]: readonly (Value | null)[],
): readonly Product[] {
  if (!d) return [];
  return factorsOf(node).flatMap((factor): readonly Product[] => {
    const { name, side } = factor;
    // What is the other factor too, or added to the product, has more of a gradient than this.
    if (node.inputs.filter((input) => input === name).length > 1) return [];
    const captured = outside?.captured.has(name) ?? false;
    if (!active.has(name) || !(captured || shared.has(name))) return [];
    const matrix = seen.known(name)!;
    const other = seen.known(node.inputs[side === "left" ? 1 : 0]!)!;
    if (!isProduct(factor, matrix, other)) return [];
    return captured || isWorthwhile(factor, matrix, other) ? [{ factor, other, d }] : [];
  });
}

type NamedGradients = readonly (readonly [name: string, gradient: Value | null])[];

/** What reaches the inputs of a node, and what its bodies take from around them. */
function throughNode(walk: Walk, node: Node, dy: readonly (Value | null)[]): NamedGradients {
  const wanted = node.inputs.map((name) => walk.active.has(name));
  const kept = walk.kept?.get(node);
  if (kept) return inNode(node, walk.graph, () => named(node, kept.back(walk.g, dy, wanted)));
  const bodyRule = findBodyRule(node.domain, node.op);
  const rule = findRule(node.domain, node.op);
  if (!bodyRule && !rule)
    return refuse(
      `${describeNode(node, walk.graph.opsets)} has no gradient rule: build that part from operators that have one, or leave the parameters behind it out of wrt`,
    );
  return inNode(node, walk.graph, () => {
    const call = callOf(walk, node, dy, wanted);
    const untyped = call.x.findIndex((value, index) => wanted[index] && value && !value.type);
    if (untyped >= 0)
      refuse(
        `the type of "${node.inputs[untyped]}" is not known, since what makes it is not described: build that part from operators that are`,
      );
    if (!bodyRule) return named(node, rule!(call));
    const { inputs, captured } = bodyRule.through({ ...call, ...bodiesOf(walk, node) });
    return [...named(node, inputs), ...captured];
  });
}

function named(node: Node, gradients: readonly (Value | null)[]): NamedGradients {
  return gradients.map((gradient, index) => [node.inputs[index] ?? "", gradient]);
}

function bodiesOf({ active, seen }: Walk, node: Node): Bodies {
  const names = new Set(subgraphsOf(node).flatMap((body) => [...freeNames(body)]));
  const captured = new Map([...names].map((name) => [name, seen.known(name)!]));
  return {
    given: node.attributes,
    captured,
    wantedInside: new Set([...names].filter((name) => active.has(name))),
    flow: (b, body, inputs, dy, wrt, products) =>
      flowInBody(b, body, captured, inputs, dy, wrt, products),
  };
}

function flowInBody(
  b: GraphBuilder,
  body: Graph,
  captured: Values,
  inputs: readonly Value[],
  dy: readonly (Value | null)[],
  wrt: ReadonlySet<string>,
  products: Product[] | undefined,
): Values {
  const find = (name: string) => captured.get(name);
  const types = inferBodyTypes(body, inputs, find);
  const active = influencedBy(body, types, wrt, new Set());
  const outputs = body.outputs.map(({ name }) => name);
  const made = b.inlineBody(body, inputs, find);
  const values = new Map([...captured, ...made]);
  const gradients = new Map<string, Value>();
  for (const [index, name] of outputs.entries()) {
    const seed = dy[index];
    if (!seed || !active.has(name)) continue;
    const fitted = unbroadcast(b, seed, values.get(name)!);
    const sofar = gradients.get(name);
    gradients.set(name, sofar ? b.add(sofar, fitted) : fitted);
  }
  const seen = new Recomputed(b, body, values, []);
  const outside = products && { captured, products };
  const shared = sharedFactors(body);
  const held = new Set<string>();
  flow({ g: b, graph: body, seen, active, held, shared, turned: new Map(), outside }, gradients);
  return gradients;
}

function callOf(
  { g, seen, shared, turned }: Walk,
  node: Node,
  dy: readonly (Value | null)[],
  wanted: readonly boolean[],
) {
  const operator = findOperator(node.domain, node.op)!;
  const arrived = dy.find((gradient) => gradient !== null) ?? undefined;
  const find = (name: string): Value | undefined => seen.at(name, arrived);
  const x = filledSlots(operator.inputs, node.inputs.map(find));
  const attributes = resolveAttributes(operator.attributes, node.attributes);
  const outputs = isVariadic(operator.outputs) ? node.outputs : operator.outputs;
  const y = outputs.map((_, index) => find(node.outputs[index] ?? ""));
  const several = outputs.length !== 1 || isVariadic(operator.outputs);
  const all = outputs.map((_, index) => dy[index] ?? null);
  return {
    g,
    x,
    attributes,
    wanted,
    y: several ? y : y[0]!,
    dy: several ? all : all[0]!,
    turned(index: number) {
      const name = node.inputs[index]!;
      const made = turned.get(name);
      if (made || !shared.has(name)) return made;
      const value = turn(g, x[index]!);
      turned.set(name, value);
      return value;
    },
  };
}
