/**
 * Losses that hold the samples of a micro-batch against each other: those of one label belong together,
 * all others apart. Embeddings are FP32 [batch, width], of length 1, and so is every loss FP32 [batch, 1]; a sample
 * that has none to be held against has a loss of 0.
 *
 * A virtual shard is a micro-batch, so what the others are is a part of the job, and the same for
 * any number of workers.
 */
import type { GraphBuilder, Value } from "@amaas/graph";
import type { EmbeddingLossSpec } from "@amaas/spec";
import { tensor } from "@amaas/tensor";

export interface Neighbours {
  /** Cosines between all samples, FP32 [batch, batch]. */
  readonly cosines: Value;
  /** Whether the one in the column is another sample of the same label: BOOL [batch, batch]. */
  readonly same: Value;
  /** Or of another label. */
  readonly other: Value;
}

type NeighbourLoss<Spec> = (
  g: GraphBuilder,
  neighbours: Neighbours,
  spec: Spec,
  detach: (value: Value) => Value,
) => Value;

const losses: {
  readonly [L in EmbeddingLossSpec["type"]]: NeighbourLoss<
    EmbeddingLossSpec & { readonly type: L }
  >;
} = { infonce: infoNce, triplet: hardestTriplet };

export function neighbourLoss<L extends EmbeddingLossSpec["type"]>(
  g: GraphBuilder,
  neighbours: Neighbours,
  name: L,
  spec: EmbeddingLossSpec & { readonly type: L },
  detach: (value: Value) => Value,
): Value {
  return losses[name](g, neighbours, spec, detach);
}

/** `labels` INT32 [batch, 1]; `mask` FP32 [batch, 1] is 0 for padding, which is nobody's neighbour. */
export function neighboursOf(
  g: GraphBuilder,
  embeddings: Value,
  labels: Value,
  mask: Value | undefined,
): Neighbours {
  const rows = embeddings.shape?.[0];
  if (typeof rows !== "number") throw new Error(`${embeddings.label} has no known number of rows`);
  const others = new Uint8Array(rows * rows).fill(1);
  for (let row = 0; row < rows; row++) others[row * rows + row] = 0;
  const apart = g.constant(tensor("BOOL", [rows, rows], others));
  const there = mask ? g.and(apart, g.cast(g.transpose(mask), "BOOL")) : apart;
  const alike = g.equal(labels, g.transpose(labels));
  return {
    cosines: g.matMul(embeddings, g.transpose(embeddings)),
    same: g.and(there, alike),
    other: g.and(there, g.not(alike)),
  };
}

/** Further than any score of a pair. */
const never = -1e9;
/** What no exponential of the nearest is below, since that one is 1. */
const least = 1e-30;
/** Added to squares of distances: at none at all a root has no slope. */
const apart = 1e-6;

/**
 * InfoNCE (van den Oord and others, 2018) with all samples of the label as positives (Khosla and others, 2020, their
 * L_out): the mean over p in P(i) of -log(exp(c_ip / t) / sum_a exp(c_ia / t)), a being all others.
 */
function infoNce(
  g: GraphBuilder,
  { cosines, same, other }: Neighbours,
  { temperature }: { readonly temperature: number },
  detach: (value: Value) => Value,
): Value {
  const there = g.or(same, other);
  const scores = g.div(cosines, g.scalar(temperature, cosines));
  const compared = g.where(there, scores, g.scalar(never, scores));
  const shifted = g.sub(compared, detach(g.reduceMax(compared, [1])));
  const each = g.where(there, g.exp(shifted), g.scalar(0, shifted));
  const sum = g.reduceSum(each, [1]);
  const logs = g.sub(shifted, g.log(g.node("Max", [sum, g.scalar(least, sum)])));
  const ofSame = g.reduceSum(g.where(same, logs, g.scalar(0, logs)), [1]);
  const count = g.reduceSum(g.cast(same, "FP32"), [1]);
  return g.neg(g.div(ofSame, g.node("Max", [count, g.scalar(1, count)])));
}

/**
 * The triplet loss (Schroff and others, 2015) of the hardest pair in the batch (Hermans and others, 2017):
 * max(0, max_p |e_i - e_p| - min_n |e_i - e_n| + margin).
 */
function hardestTriplet(
  g: GraphBuilder,
  { cosines, same, other }: Neighbours,
  { margin }: { readonly margin: number },
): Value {
  const two = g.scalar(2, cosines);
  const squares = g.relu(g.sub(two, g.mul(two, cosines)));
  const distances = g.sqrt(g.add(squares, g.scalar(apart, squares)));
  // Of unit vectors no two are further apart than 2.
  const far = g.reduceMax(g.where(same, distances, g.scalar(0, distances)), [1]);
  const near = g.neg(g.reduceMax(g.where(other, g.neg(distances), g.scalar(-4, distances)), [1]));
  const lead = g.sub(far, near);
  const loss = g.relu(g.add(lead, g.scalar(margin, lead)));
  const told = g.and(anyOf(g, same), anyOf(g, other));
  return g.where(told, loss, g.scalar(0, loss));
}

/** BOOL [batch, 1] */
export function anyOf(g: GraphBuilder, flags: Value): Value {
  const count = g.reduceSum(g.cast(flags, "FP32"), [1]);
  return g.greater(count, g.scalar(0, count));
}
