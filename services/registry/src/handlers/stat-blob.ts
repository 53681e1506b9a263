/** Blobs.StatBlob: whether a blob is there, so that nobody uploads what is. */
import { parseDigest } from "@amaas/blobs";
import type { BlobsDefinition } from "@amaas/proto/amaas/registry/v1/blobs";
import type { Handlers } from "@amaas/rpc";
import type { Registry } from "../registry.ts";

export function statBlob({ blobs }: Registry): Handlers<BlobsDefinition>["statBlob"] {
  return async ({ digest }) => {
    const bytes = await blobs.size(parseDigest(digest));
    return { exists: bytes !== undefined, bytes: bytes ?? 0 };
  };
}
