/**
 * Losses of samples held against others: of embeddings FP32 [batch, width], and of distributions.
 *
 * They are for graphs that are written in TypeScript: no task of a job has pairs or distributions as labels. What a
 * job can name is in `neighbours.ts`.
 */
import type { GraphBuilder, Value } from "@amaas/graph";
import { exponentials, upTo } from "../classes.ts";
import { crossEntropy } from "./cross-entropy.ts";

/** Lengths are taken as at least this: of none at all there is no direction. */
const leastLength = 1e-12;
/** Added to every difference, as PyTorch does, so that the slope of a distance of 0 is finite. */
const apart = 1e-6;

/** Neither losses nor gradients depend on what is taken off scores, so gradients may flow there too. */
const attached = (value: Value) => value;

/**
 * InfoNCE (van den Oord and others, 2018): -log softmax(cos(q_i, k_j) / temperature) at j = i. Row i of `keys` belongs
 * to row i of `queries`, all other rows of the batch are its negatives. FP32 [batch, 1].
 */
export function infoNce(
  g: GraphBuilder,
  queries: Value,
  keys: Value,
  { temperature }: { readonly temperature: number },
): Value {
  const rows = queries.shape?.[0];
  if (typeof rows !== "number") throw new Error(`${queries.label} has no known number of rows`);
  const cosines = g.matMul(normalized(g, queries), g.transpose(normalized(g, keys)));
  const scores = g.div(cosines, g.scalar(temperature, cosines));
  const labels = g.unsqueeze(upTo(g, rows), [1]);
  const spec = { type: "cross-entropy", labelSmoothing: 0 } as const;
  return crossEntropy(g, { scores, labels, weights: undefined, detach: attached }, spec);
}

/** Triplet margin (Schroff and others, 2015): max(0, |a - p| - |a - n| + margin). FP32 [batch, 1]. */
export function tripletMargin(
  g: GraphBuilder,
  anchor: Value,
  positive: Value,
  negative: Value,
  { margin }: { readonly margin: number },
): Value {
  const lead = g.sub(distance(g, anchor, positive), distance(g, anchor, negative));
  return g.relu(g.add(lead, g.scalar(margin, lead)));
}

/**
 * Kullback and Leibler, 1951: sum_c t_c (log t_c - log softmax(z)_c), 0 where t_c is, of scores and the probabilities
 * that they should come to. FP32 [batch, 1].
 */
export function klDivergence(g: GraphBuilder, scores: Value, targets: Value): Value {
  const { shifted, sum } = exponentials(g, scores, attached);
  const logs = g.sub(shifted, g.log(sum));
  const zero = g.scalar(0, targets);
  const isThere = g.greater(targets, zero);
  const known = g.where(isThere, targets, g.scalar(1, targets));
  const entropy = g.where(isThere, g.mul(targets, g.log(known)), zero);
  return g.reduceSum(g.sub(entropy, g.mul(targets, logs)), [1]);
}

/** Of length 1, row by row. */
export function normalized(g: GraphBuilder, x: Value): Value {
  const length = g.sqrt(g.reduceSum(g.mul(x, x), [1]));
  return g.div(x, g.node("Max", [length, g.scalar(leastLength, length)]));
}

function distance(g: GraphBuilder, a: Value, b: Value): Value {
  const difference = g.sub(a, b);
  const shifted = g.add(difference, g.scalar(apart, difference));
  return g.sqrt(g.reduceSum(g.mul(shifted, shifted), [1]));
}
