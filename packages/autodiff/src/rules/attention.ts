/**
 * Attention, spelled out: Y = softmax(c tanh(s Q Kᵀ / c) + bias) V, where c is the softcap; without one the products
 * stay as they are. Heads of queries that share a head of keys have an axis of their own, which keys and values are
 * stretched along by the products themselves: nothing is repeated for them. The softmax stays fused, as it is in the
 * operator.
 */
import { type GraphBuilder, sameDimension, type Value } from "@amaas/graph";
import type { Forward, Rules } from "../rule.ts";
import { joinSizes, type Size, shapeOf, sizeAt, sizes, vectorOf } from "../sizes.ts";
import { biasOf, unlessBlind } from "./attention-bias.ts";
import { rotaryEmbedding } from "./rotary-embedding.ts";

export const attention = {
  Attention: {
    lower(node) {
      const { g, x, attributes } = node;
      const { scale, softcap, softmax_precision, qk_matmul_output_mode: mode } = attributes;
      const { q, keys, values, turned } = byHead(node);
      const { grouped, apart, shared } = groupingOf(g, q, keys);

      const product = g.matMul(grouped(scaledBy(g, scale, q)), shared(turned));
      // A mask knows heads, and no groups of them.
      const products = x[3] ? apart(product) : product;
      const capped = softcap > 0 ? cappedAt(g, softcap, products) : products;
      const bias = biasOf(node, products);
      const scores = bias ? g.add(capped, bias.added) : capped;
      const safe = bias?.blind ? g.add(capped, bias.safe) : scores;
      const weights = softmaxIn(g, softmax_precision, safe);
      const mixture = g.matMul(grouped(weights), shared(inTypeOf(g, q, values)));
      const y = unlessBlind(g, bias, apart(mixture));

      const stage = [products, capped, scores, unlessBlind(g, bias, weights)][mode]!;
      return [isFlat(x[0]) ? sideBySide(g, y) : y, keys, values, apart(stage)];
    },
  },

  RotaryEmbedding: rotaryEmbedding,
} satisfies Rules<"Attention" | "RotaryEmbedding">;

/** Whether heads lie side by side in the last of three axes. */
function isFlat(x: Value): boolean {
  return shapeOf(x).length === 3;
}

/** Queries, keys and values as [batch, heads, length, width], with those that came before; and the keys transposed. */
function byHead({ g, x, attributes }: Forward<"Attention">) {
  const [query, key, value, , pastKey, pastValue] = x;
  const { q_num_heads, kv_num_heads } = attributes;
  const parted = (x: Value, heads: number | undefined) =>
    isFlat(x) ? g.transpose(splitHeads(g, x, heads!), [0, 2, 1, 3]) : x;
  const behind = (past: Value | undefined, x: Value) => (past ? g.concat([past, x], 2) : x);
  const keys = behind(pastKey, parted(key, kv_num_heads));
  return {
    q: parted(query, q_num_heads),
    keys,
    values: behind(pastValue, parted(value, kv_num_heads)),
    // Where nothing is between, one transposition does for two.
    turned:
      isFlat(key) && !pastKey
        ? g.transpose(splitHeads(g, key, kv_num_heads!), [0, 2, 3, 1])
        : g.transpose(keys, [0, 1, 3, 2]),
  };
}

function splitHeads(g: GraphBuilder, x: Value, heads: number): Value {
  const hidden = shapeOf(x)[2]!;
  return g.reshape(x, [0, 0, heads, typeof hidden === "number" ? hidden / heads : -1]);
}

function sideBySide(g: GraphBuilder, y: Value): Value {
  const [, heads, , width] = shapeOf(y);
  const known = typeof heads === "number" && typeof width === "number";
  return g.reshape(g.transpose(y, [0, 2, 1, 3]), [0, 0, known ? heads * width : -1]);
}

interface Grouping {
  /** [batch, heads, ..] as [batch, heads of keys, those that share one, ..]. */
  grouped(x: Value): Value;
  /** And back. */
  apart(x: Value): Value;
  /** Keys or values with an axis that is stretched along a group. */
  shared(x: Value): Value;
}

/** How queries share keys; all does nothing where they do not. */
function groupingOf(g: GraphBuilder, q: Value, keys: Value): Grouping {
  const same = (x: Value) => x;
  const [own, others] = [shapeOf(q)[1]!, shapeOf(keys)[1]!];
  if (sameDimension(own, others)) return { grouped: same, apart: same, shared: same };
  const known = typeof own === "number" && typeof others === "number";
  const [heads, keyHeads] = [sizeAt(g, q, 1), sizeAt(g, keys, 1)];
  const groups = [0, keyHeads, known ? own / others : -1];
  return {
    grouped: (x) => (shapeOf(x).length === 4 ? withFirst(g, x, groups) : x),
    apart: (x) => (shapeOf(x).length === 5 ? withFirst(g, x, [0, heads]) : x),
    shared: (x) => g.unsqueeze(x, [2]),
  };
}

/** Other axes before the last two, which stay. */
function withFirst(g: GraphBuilder, x: Value, first: readonly Size[]): Value {
  const last = shapeOf(x).slice(-2);
  const fixed = first.filter((size) => typeof size === "number" && size !== -1);
  const open = first.length - fixed.length + last.filter((size) => typeof size === "string").length;
  if (open > 1)
    return g.reshape(x, joinSizes(g, [vectorOf(g, first), sizes(g, x, shapeOf(x).length - 2)]));
  const target = [...first, ...last].map((size) => (typeof size === "number" ? size : -1));
  return g.reshape(x, target);
}

/** Without a scale it is one over the root of the width. */
function scaledBy(g: GraphBuilder, scale: number | undefined, q: Value): Value {
  const width = sizeAt(g, q, 3);
  if (scale === undefined && typeof width !== "number")
    return g.div(q, g.sqrt(g.cast(width, q.type!)));
  return g.mul(q, g.scalar(scale ?? 1 / Math.sqrt(Number(width)), q));
}

function cappedAt(g: GraphBuilder, cap: number, x: Value): Value {
  return g.mul(g.tanh(g.mul(x, g.scalar(1 / cap, x))), g.scalar(cap, x));
}

/** Softmax in a type that is given as ONNX numbers it. */
function softmaxIn(g: GraphBuilder, precision: number | undefined, x: Value): Value {
  const precise = precision === undefined ? x : g.node("Cast", [x], { to: precision });
  return precise.type === x.type ? g.softmax(x) : inTypeOf(g, x, g.softmax(precise));
}

function inTypeOf(g: GraphBuilder, like: Value, x: Value): Value {
  return x.type === like.type ? x : g.cast(x, like.type!);
}
