/** How a job's parameter vector is cut: into shards, one for each server, and those into chunks. */

/** 512 KiB of float32: about a millisecond of arithmetic, and large enough for the wire. */
export const CHUNK_LENGTH = 131_072;

/** The part of the vector that a shard holds, in floats. */
export function shardRange(
  parameters: number,
  shard: number,
  shards: number,
): [from: number, to: number] {
  const at = (index: number) => Math.floor((parameters * index) / shards);
  return [at(shard), at(shard + 1)];
}

/** A shard's chunks, in floats from the shard's beginning; at least one, be it empty. */
export function chunkRanges(length: number): [from: number, to: number][] {
  const count = Math.max(1, Math.ceil(length / CHUNK_LENGTH));
  return Array.from({ length: count }, (_, chunk) => [
    chunk * CHUNK_LENGTH,
    Math.min((chunk + 1) * CHUNK_LENGTH, length),
  ]);
}
