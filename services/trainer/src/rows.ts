/**
 * A split's rows, for every compute thread to read: in shared memory, or, where they would take too much
 * of it, in a file that is read by position. The bytes are the same.
 */
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { type BlobStore, parseDigest } from "@amaas/blobs";
import { DomainError, errorMessage } from "@amaas/errors";
import type { Split } from "@amaas/proto/amaas/scheduler/v1/fleet";
import { damaged } from "./errors.ts";

export interface Rows {
  readonly count: number;
  readonly width: number;
  /** float32 [count, width], or the path of a file of them. */
  readonly features: SharedArrayBuffer | string;
  /** int32 or float32 [count]; empty where samples are their own labels. */
  readonly labels: SharedArrayBuffer;
}

export interface RowMemory {
  /** Bytes of features that a split may take. */
  readonly most: number;
  /** A folder of the caller's own, for the files of splits that are larger. */
  readonly folder: string;
}

export async function loadRows(
  name: string,
  split: Split | undefined,
  blobs: BlobStore,
  memory: RowMemory,
): Promise<Rows> {
  const { rows: count = 0, features: width = 0, blocks = [] } = split ?? {};
  const isLabelled = blocks.some((block) => block.labels !== "");
  const labels = new SharedArrayBuffer(isLabelled ? count * 4 : 0);
  const path = join(memory.folder, name);
  const target =
    count * width * 4 > memory.most ? await fileTarget(path) : memoryTarget(count * width * 4);
  let row = 0;
  try {
    for (const block of blocks) {
      const bytes = block.rows * width * 4;
      await target.write(await bytesOf(block.features, bytes, blobs), row * width * 4);
      if (isLabelled)
        new Uint8Array(labels, row * 4, block.rows * 4).set(
          await bytesOf(block.labels, block.rows * 4, blobs),
        );
      row += block.rows;
    }
  } finally {
    await target.close();
  }
  if (row !== count) throw damaged(`a split of ${count} rows came with blocks of ${row}`);
  return { count, width, features: target.features, labels };
}

interface Target {
  readonly features: Rows["features"];
  write(bytes: Uint8Array, position: number): Promise<void>;
  close(): Promise<void>;
}

function memoryTarget(bytes: number): Target {
  const features = new SharedArrayBuffer(bytes);
  return {
    features,
    write: async (block, position) => new Uint8Array(features).set(block, position),
    close: async () => undefined,
  };
}

async function fileTarget(path: string): Promise<Target> {
  const file: FileHandle = await open(path, "w").catch(cannotWrite);
  return {
    features: path,
    async write(block, position) {
      for (let done = 0; done < block.byteLength; ) {
        const left = block.byteLength - done;
        const wrote = await file.write(block, done, left, position + done).catch(cannotWrite);
        done += wrote.bytesWritten;
      }
    },
    close: () => file.close(),
  };
}

/** A disk that is full may have room again: the rows are loaded once more. */
function cannotWrite(error: unknown): never {
  throw new DomainError("unavailable", `cannot keep rows in a file: ${errorMessage(error)}`);
}

async function bytesOf(digest: string, wanted: number, blobs: BlobStore): Promise<Uint8Array> {
  const bytes = await blobs.get(parseDigest(digest));
  if (bytes.byteLength !== wanted)
    throw damaged(`block ${digest} has ${bytes.byteLength} bytes, wanted ${wanted}`);
  return bytes;
}
