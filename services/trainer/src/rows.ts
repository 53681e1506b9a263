/** A split's rows in shared memory, so that every compute thread reads the same copy. */
import { type BlobStore, parseDigest } from "@amaas/blobs";
import type { Split } from "@amaas/proto/amaas/scheduler/v1/fleet";
import { damaged } from "./errors.ts";

export interface Rows {
  readonly count: number;
  readonly width: number;
  /** float32 [count, width] */
  readonly features: SharedArrayBuffer;
  /** int32 or float32 [count]; empty where samples are their own labels. */
  readonly labels: SharedArrayBuffer;
}

export async function loadRows(split: Split | undefined, blobs: BlobStore): Promise<Rows> {
  const { rows: count = 0, features: width = 0, blocks = [] } = split ?? {};
  const features = new SharedArrayBuffer(count * width * 4);
  const isLabelled = blocks.some((block) => block.labels !== "");
  const labels = new SharedArrayBuffer(isLabelled ? count * 4 : 0);
  let row = 0;
  for (const block of blocks) {
    await copy(
      block.features,
      new Uint8Array(features, row * width * 4, block.rows * width * 4),
      blobs,
    );
    if (isLabelled)
      await copy(block.labels, new Uint8Array(labels, row * 4, block.rows * 4), blobs);
    row += block.rows;
  }
  if (row !== count) throw damaged(`a split of ${count} rows came with blocks of ${row}`);
  return { count, width, features, labels };
}

async function copy(digest: string, target: Uint8Array, blobs: BlobStore): Promise<void> {
  const bytes = await blobs.get(parseDigest(digest));
  if (bytes.byteLength !== target.byteLength)
    throw damaged(`block ${digest} has ${bytes.byteLength} bytes, wanted ${target.byteLength}`);
  target.set(bytes);
}
