/** Multi-head attention of a sequence to itself (Vaswani and others, 2017). */
import type { GraphBuilder, Value } from "@amaas/graph";
import { dense } from "./dense.ts";
import { dropout } from "./dropout.ts";
import type { LayerBuilder } from "./layer-builder.ts";
import { sizeAt } from "./sizes.ts";

export interface AttentionLayer {
  readonly heads: number;
  /** Added to the scores, [batch or 1, 1, time or 1, time]: 0 where a place may look, far below 0 where it may not. */
  readonly bias?: Value | undefined;
  readonly dropout?: number | undefined;
}

/** Far below every score; finite, so that a row of nothing else is no division by 0. */
const unseen = -1e9;

/** softmax(Q Kᵀ / √d + bias) V for each head, of x [batch, time, width]. */
export function attention(n: LayerBuilder, x: Value, layer: AttentionLayer): Value {
  const { g } = n;
  const { heads, bias } = layer;
  const width = sizeAt(x, -1);
  const part = width / heads;
  const [q, k, v] = g.split(dense(n.at("qkv"), x, { width: 3 * width }), [width, width, width], 2);
  const perHead = (value: Value, perm: number[]) =>
    g.transpose(g.reshape(value, [0, 0, heads, part]), perm);
  const queries = g.mul(perHead(q!, [0, 2, 1, 3]), g.scalar(1 / Math.sqrt(part), q!));
  const scores = g.matMul(queries, perHead(k!, [0, 2, 3, 1]));
  const shares = dropout(n, softmax(g, bias ? g.add(scores, bias) : scores), layer.dropout);
  const mixed = g.transpose(g.matMul(shares, perHead(v!, [0, 2, 1, 3])), [0, 2, 1, 3]);
  return dense(n.at("out"), g.reshape(mixed, [0, 0, width]), { width });
}

/**
 * Along the last axis. What is taken off before the exponential is the largest, rounded up: any number does, and no
 * gradient flows through rounding, so none is computed for it. The engine's own Softmax has other bits on other
 * processors.
 */
function softmax(g: GraphBuilder, z: Value): Value {
  const most = g.node("Ceil", [g.reduceMax(z, [-1])]);
  const each = g.exp(g.sub(z, most));
  return g.div(each, g.reduceSum(each, [-1]));
}

/** A bias that hides padding, by whether each place counts: BOOL [batch, time] to [batch, 1, 1, time]. */
export function hiding(g: GraphBuilder, counts: Value): Value {
  const bias = g.where(counts, g.scalar(0, "FP32"), g.scalar(unseen, "FP32"));
  return g.unsqueeze(bias, [1, 2]);
}
