/**
 * Which samples are in (step, virtual shard): a function of the seed, the epoch and the position,
 * so that every worker, at any time, finds the same ones.
 */
import { hashKey, type Key, permute } from "@amaas/random";

export interface Sampling {
  readonly rows: number;
  readonly microBatch: number;
  readonly leaves: number;
  readonly stepsPerEpoch: number;
  readonly seed: number;
}

export interface LeafSamples {
  readonly samples: number;
  /** Row at a place of the micro-batch; places from `samples` on are padding. */
  row(place: number): number;
}

/** Samples of a training step's leaf; an epoch visits each row once, in an order of its own. */
export function trainingLeaf(sampling: Sampling, step: number, leaf: number): LeafSamples {
  const { rows, microBatch, leaves, stepsPerEpoch, seed } = sampling;
  const epoch = Math.floor(step / stepsPerEpoch);
  const from = ((step % stepsPerEpoch) * leaves + leaf) * microBatch;
  const key: Key = hashKey("sample order", seed, epoch);
  const samples = Math.max(0, Math.min(microBatch, rows - from));
  // Found once: a row is asked for where its features are read, and again where its label is.
  const order = Uint32Array.from({ length: samples }, (_, place) =>
    permute(key, rows, from + place),
  );
  return { samples, row: (place) => order[place] ?? 0 };
}

/** What dropout and augmentation draw from in a leaf of a step, the same whoever computes it. */
export function randomKeyOf({ seed }: Sampling, step: number, leaf: number): Key {
  return hashKey("dropout and augmentation", seed, step, leaf);
}

/** Micro-batches of a leaf in a pass over a whole split, in the split's own order. */
export function* evaluationLeaf(
  { rows, microBatch, leaves }: Omit<Sampling, "seed" | "stepsPerEpoch">,
  leaf: number,
): Generator<LeafSamples> {
  const batches = Math.ceil(rows / microBatch);
  const first = Math.floor((batches * leaf) / leaves);
  const end = Math.floor((batches * (leaf + 1)) / leaves);
  for (let batch = first; batch < end; batch++) {
    const from = batch * microBatch;
    yield { samples: Math.min(microBatch, rows - from), row: (place) => from + place };
  }
}
