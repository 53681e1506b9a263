/**
 * What is added to the products of queries and keys: minus infinity where a query must not look. One that may look at
 * nothing would make softmax no number; it looks at everything, and what it finds is left out afterwards.
 */
import { type GraphBuilder, tensorOf, type Value } from "@amaas/graph";
import type { Forward } from "../rule.ts";
import { floatOf, shapeOf, sizeAt, sizes } from "../sizes.ts";

export interface Bias {
  readonly added: Value;
  /** The same, with zeros for queries that may look at nothing. */
  readonly safe: Value;
  /** Which queries those are; undefined where there can be none. */
  readonly blind: Value | undefined;
}

export function biasOf(
  { g, x, attributes: { is_causal } }: Forward<"Attention">,
  products: Value,
): Bias | undefined {
  const [, , , mask, past] = x;
  const ahead = is_causal === 1 ? minusInfinityAhead(g, products, past) : undefined;
  // Of what came first, every query sees something.
  if (!mask) return ahead && { added: ahead, safe: ahead, blind: undefined };
  const [zero, none] = [g.scalar(0, products), g.scalar(-Infinity, products)];
  const added =
    mask.type === "BOOL" ? g.where(mask, ahead ?? zero, none) : plus(g, mask, products, ahead);
  const blind = g.equal(g.reduceMax(added, [-1]), none);
  return { added, safe: g.where(blind, zero, added), blind };
}

function plus(g: GraphBuilder, mask: Value, like: Value, ahead: Value | undefined): Value {
  const own = mask.type === like.type ? mask : g.cast(mask, like.type!);
  return ahead ? g.add(own, ahead) : own;
}

/** [queries, keys]: a query sees what came before it, and as much as was there before all of them. */
function minusInfinityAhead(g: GraphBuilder, products: Value, past: Value | undefined): Value {
  const value = tensorOf(floatOf(products), [1], [-Infinity]);
  const everywhere = g.node("ConstantOfShape", [sizes(g, products, shapeOf(products).length - 2)], {
    value,
  });
  return g.node("Trilu", [everywhere, firstAhead(g, past)], { upper: 1 });
}

/** How far ahead the first key is that a query must not see. */
function firstAhead(g: GraphBuilder, past: Value | undefined): Value {
  const before = past ? sizeAt(g, past, 2) : 0;
  if (typeof before === "number") return g.scalar(before + 1, "INT64");
  return g.squeeze(g.add(before, g.ints([1])), [0]);
}

/** Zeros for queries that may look at nothing. */
export function unlessBlind(g: GraphBuilder, bias: Bias | undefined, x: Value): Value {
  return bias?.blind ? g.where(bias.blind, g.scalar(0, x), x) : x;
}
