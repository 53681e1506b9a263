/**
 * Decompression that never makes more bytes than were claimed, nor more than the limit: a few bytes
 * can be made to unfold to gigabytes.
 */
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import type { Compressors } from "hyparquet";
import { compressors } from "hyparquet-compressors";

type Decompress = (input: Uint8Array, outputLength: number) => Uint8Array;

/** For the pages of a Parquet file. */
export function decompressors(limit: number): Compressors {
  const bounded =
    (decompress: Decompress): Decompress =>
    (input, length) => {
      if (!(length >= 0 && length <= limit))
        throw new RangeError(`found a page of ${length} bytes, wanted at most ${limit}`);
      return decompress(input, length);
    };
  return Object.fromEntries(
    Object.entries({ ...compressors, ...native }).map(([codec, decompress]) => [
      codec,
      bounded(decompress),
    ]),
  );
}

/** What Node has itself is many times faster. */
const native = {
  GZIP: (input: Uint8Array, length: number) =>
    gunzipSync(input, { maxOutputLength: atLeastOne(length) }),
  BROTLI: (input: Uint8Array, length: number) =>
    brotliDecompressSync(input, { maxOutputLength: atLeastOne(length) }),
  ZSTD: (input: Uint8Array, length: number) => zstd(input, length),
};

export function zstd(input: Uint8Array, length: number): Uint8Array {
  return zstdDecompressSync(input, { maxOutputLength: atLeastOne(length) });
}

/** Node takes no limit of 0. */
function atLeastOne(length: number): number {
  return Math.max(1, length);
}
