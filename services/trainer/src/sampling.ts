/**
 * Which samples are in (step, virtual shard): a function of the seed, the epoch and the position,
 * so that every worker, at any time, finds the same ones.
 */
import { hashKey, type Key, permutation } from "@amaas/random";

export interface Sampling {
  readonly rows: number;
  readonly microBatch: number;
  readonly leaves: number;
  readonly stepsPerEpoch: number;
  readonly seed: number;
}

/** Rows of a micro-batch, by place; the places behind them are padding. */
export type LeafRows = Uint32Array;

/** Rows of a training step's leaf; an epoch visits each row once, in an order of its own. */
export function trainingLeaf(sampling: Sampling, step: number, leaf: number): LeafRows {
  const { rows, microBatch, leaves, stepsPerEpoch, seed } = sampling;
  const epoch = Math.floor(step / stepsPerEpoch);
  const from = ((step % stepsPerEpoch) * leaves + leaf) * microBatch;
  const rowAt = permutation(hashKey("sample order", seed, epoch), rows);
  const samples = new Uint32Array(Math.max(0, Math.min(microBatch, rows - from)));
  for (let place = 0; place < samples.length; place++) samples[place] = rowAt(from + place);
  return samples;
}

/** What dropout and augmentation draw from in a leaf of a step, the same whoever computes it. */
export function randomKeyOf({ seed }: Sampling, step: number, leaf: number): Key {
  return hashKey("dropout and augmentation", seed, step, leaf);
}

/** Micro-batches of a leaf in a pass over a whole split, in the split's own order. */
export function* evaluationLeaf(
  { rows, microBatch, leaves }: Omit<Sampling, "seed" | "stepsPerEpoch">,
  leaf: number,
): Generator<LeafRows> {
  const batches = Math.ceil(rows / microBatch);
  const first = Math.floor((batches * leaf) / leaves);
  const end = Math.floor((batches * (leaf + 1)) / leaves);
  for (let batch = first; batch < end; batch++) {
    const from = batch * microBatch;
    const samples = new Uint32Array(Math.min(microBatch, rows - from));
    yield samples.map((_, place) => from + place);
  }
}
