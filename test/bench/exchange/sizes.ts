/** What is exchanged: one shard of 16 Mi parameters, cut into chunks as a real one is. */
import { CHUNK_LENGTH } from "@amaas/reduction";

export const chunks = 128;
export const parameters = chunks * CHUNK_LENGTH;
export const chunkBytes = CHUNK_LENGTH * 4;
/** Virtual shards of a step. */
export const leaves = 8;
export const samplesPerLeaf = 4;

/** Up is from the worker to the server. In `both` each message up is answered by one down. */
export const directions = ["up", "down", "both"] as const;
export type Direction = (typeof directions)[number];

/** A vector of all parameters: whoever sends it reads that much memory, not one message again and again. */
export function vector(): Uint8Array {
  const values = new Float32Array(parameters).fill(1e-3);
  return new Uint8Array(values.buffer);
}

export function chunkOf(vector: Uint8Array, message: number): Uint8Array {
  const begin = (message % chunks) * chunkBytes;
  return vector.subarray(begin, begin + chunkBytes);
}

/** Messages of one run, each way that there is. */
export const messages = 4 * chunks;
