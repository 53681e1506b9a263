/**
 * Blobs.DownloadBlob: a blob, or the rest of one, in chunks as fast as the caller takes them. The
 * bytes are checked against the digest on the way where all of them are asked for.
 */
import { parseDigest } from "@amaas/blobs";
import type { BlobsDefinition } from "@amaas/proto/amaas/registry/v1/blobs";
import type { Handlers } from "@amaas/rpc";
import type { Registry } from "../registry.ts";

const chunkBytes = 256 << 10;

export function downloadBlob({
  blobs,
  events,
}: Registry): Handlers<BlobsDefinition>["downloadBlob"] {
  return async function* ({ digest, offset }) {
    for await (const chunk of blobs.stream(parseDigest(digest), { offset, chunkBytes })) {
      events.blobPartSent(chunk.length);
      yield { chunk };
    }
  };
}
