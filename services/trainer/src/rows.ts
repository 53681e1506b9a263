/**
 * A split's rows, for every compute thread to read: in shared memory, or, where they would take too much
 * of it, in a file that is read by position. The bytes are the same.
 */
import { type BlobStore, parseDigest } from "@amaas/blobs";
import type { Split } from "@amaas/proto/amaas/scheduler/v1/fleet";
import { damaged } from "./errors.ts";
import { closeRowFile, createRowFile, type RowFile, writeRows } from "./row-file.ts";

export interface Rows {
  readonly count: number;
  readonly width: number;
  /** float32 [count, width] */
  readonly features: SharedArrayBuffer | RowFile;
  /** int32 or float32 [count]; empty where samples are their own labels. */
  readonly labels: SharedArrayBuffer;
}

/** @param most bytes of features that are held in memory. */
export async function loadRows(
  split: Split | undefined,
  blobs: BlobStore,
  most: number,
): Promise<Rows> {
  const { rows: count = 0, features: width = 0, blocks = [] } = split ?? {};
  const isLabelled = blocks.some((block) => block.labels !== "");
  const labels = new SharedArrayBuffer(isLabelled ? count * 4 : 0);
  const size = count * width * 4;
  const features = size > most ? createRowFile() : new SharedArrayBuffer(size);
  const rows = { count, width, features, labels };
  try {
    let row = 0;
    for (const block of blocks) {
      const values = await bytesOf(block.features, block.rows * width * 4, blobs);
      if (typeof features === "number") await writeRows(features, values, row * width * 4);
      else new Uint8Array(features).set(values, row * width * 4);
      if (isLabelled)
        new Uint8Array(labels, row * 4, block.rows * 4).set(
          await bytesOf(block.labels, block.rows * 4, blobs),
        );
      row += block.rows;
    }
    if (row !== count) throw damaged(`a split of ${count} rows came with blocks of ${row}`);
    return rows;
  } catch (error) {
    closeRows(rows);
    throw error;
  }
}

/** Once no thread reads them any more. */
export function closeRows({ features }: Rows): void {
  if (typeof features === "number") closeRowFile(features);
}

async function bytesOf(digest: string, wanted: number, blobs: BlobStore): Promise<Uint8Array> {
  const bytes = await blobs.get(parseDigest(digest));
  if (bytes.byteLength !== wanted)
    throw damaged(`block ${digest} has ${bytes.byteLength} bytes, wanted ${wanted}`);
  return bytes;
}
