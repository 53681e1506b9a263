/** The files of a data set in the blob store, read by position. */
import { type BlobStore, parseDigest } from "@amaas/blobs";
import type { DataFile } from "@amaas/data";

/** Read once before anything is believed, since a range alone cannot be checked against the digest. */
export async function openData(blobs: BlobStore, ref: string): Promise<DataFile> {
  const digest = parseDigest(ref);
  let bytes = 0;
  for await (const piece of blobs.stream(digest)) bytes += piece.byteLength;
  return {
    bytes,
    read: (from, to) => blobs.get(digest, { offset: from, length: to - from }),
  };
}
