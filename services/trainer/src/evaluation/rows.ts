/** Chosen rows of a split, in batches of one size whatever blocks they are kept in. */
import { type BlobStore, parseDigest } from "@amaas/blobs";
import type { Split } from "@amaas/proto/amaas/scheduler/v1/fleet";
import { hashKey, permutation } from "@amaas/random";
import { damaged } from "../errors.ts";

export type Labels = Int32Array<ArrayBuffer> | Float32Array<ArrayBuffer>;

export interface Batch {
  /** Those that count; what follows them is zeros. */
  readonly rows: number;
  readonly features: Float32Array<ArrayBuffer>;
  readonly labels: Labels;
}

export interface Wanted {
  readonly split: Split;
  /** Ascending. */
  readonly rows: Uint32Array;
  readonly batch: number;
  readonly integerLabels: boolean;
}

/** At most so many of `count` rows, ascending: all, or those that the key draws. */
export function drawRows(count: number, most: number, purpose: string, seed: number): Uint32Array {
  if (count <= most) return Uint32Array.from({ length: count }, (_, row) => row);
  const rowAt = permutation(hashKey(purpose, seed), count);
  return Uint32Array.from({ length: most }, (_, place) => rowAt(place)).sort();
}

/** Buffers are used again: a batch is over when the next is asked for. */
export async function* batchesOf(
  { split, rows, batch, integerLabels }: Wanted,
  blobs: BlobStore,
): AsyncGenerator<Batch> {
  const width = split.features;
  const features = new Float32Array(batch * width);
  const labels = integerLabels ? new Int32Array(batch) : new Float32Array(batch);
  let filled = 0;
  let next = 0;
  let first = 0;
  for (const block of split.blocks) {
    const end = first + block.rows;
    if ((rows[next] ?? Number.POSITIVE_INFINITY) < end) {
      const samples = new Float32Array(await read(block.features, block.rows * width, blobs));
      const truth = await read(block.labels, block.rows, blobs);
      const own = integerLabels ? new Int32Array(truth) : new Float32Array(truth);
      for (; next < rows.length && rows[next]! < end; next++) {
        const row = rows[next]! - first;
        features.set(samples.subarray(row * width, (row + 1) * width), filled * width);
        labels[filled++] = own[row]!;
        if (filled < batch) continue;
        yield { rows: filled, features, labels };
        filled = 0;
      }
    }
    first = end;
  }
  if (filled === 0) return;
  features.fill(0, filled * width);
  labels.fill(0, filled);
  yield { rows: filled, features, labels };
}

/** The labels of all rows. */
export async function labelsOf(
  { rows, blocks }: Split,
  integerLabels: boolean,
  blobs: BlobStore,
): Promise<Labels> {
  const labels = integerLabels ? new Int32Array(rows) : new Float32Array(rows);
  let first = 0;
  for (const block of blocks) {
    const bytes = await read(block.labels, block.rows, blobs);
    labels.set(integerLabels ? new Int32Array(bytes) : new Float32Array(bytes), first);
    first += block.rows;
  }
  return labels;
}

/** A buffer of its own, of so many 4-byte numbers. */
async function read(digest: string, length: number, blobs: BlobStore): Promise<ArrayBuffer> {
  const bytes = await blobs.get(parseDigest(digest));
  if (bytes.byteLength !== length * 4)
    throw damaged(`block ${digest} has ${bytes.byteLength} bytes, wanted ${length * 4}`);
  return new Uint8Array(bytes).buffer;
}
