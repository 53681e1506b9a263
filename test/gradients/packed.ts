/**
 * Reads packed files, which `python/packed.py` writes: brotli over the length of a header, the header (JSON), and the
 * bytes that it points into.
 */
import { readFileSync } from "node:fs";
import { brotliDecompressSync } from "node:zlib";
import type { FixedType } from "@amaas/tensor";
import { bytesPerElement, elementCount, fromRaw, type Tensor, tensor } from "@amaas/tensor";

/** Where in the file an array is, or the texts themselves. */
export type ArrayRef =
  | { readonly type: FixedType; readonly shape: readonly number[]; readonly at: number }
  | { readonly type: "BYTES"; readonly shape: readonly number[]; readonly texts: string[] };

export interface BlobRef {
  readonly at: number;
  readonly length: number;
}

export interface Packed<Header> {
  readonly header: Header;
  array(ref: ArrayRef): Tensor;
  blob(ref: BlobRef): Uint8Array;
}

/** The header is what its writer made of it; who reads the file says what that is. */
export function readPacked<Header>(path: string): Packed<Header> {
  const content = brotliDecompressSync(readFileSync(path));
  const start = 4 + content.readUInt32LE(0);
  const header: Header = JSON.parse(content.toString("utf8", 4, start));
  const blob = ({ at, length }: BlobRef) => content.subarray(start + at, start + at + length);
  return {
    header,
    blob,
    array(ref) {
      if (ref.type === "BYTES") return tensor("BYTES", ref.shape, ref.texts);
      const length = elementCount(ref.shape) * bytesPerElement(ref.type);
      return fromRaw(ref.type, ref.shape, blob({ at: ref.at, length }));
    },
  };
}
