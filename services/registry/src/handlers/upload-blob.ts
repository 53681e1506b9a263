/**
 * Blobs.UploadBlob: bytes go from the socket to the disk chunk by chunk, as fast as the disk takes
 * them, and are kept only if the caller stayed to the end and the digest is the expected one.
 */
import { setImmediate } from "node:timers/promises";
import { parseDigest } from "@amaas/blobs";
import type { BlobsDefinition, UploadBlobRequest } from "@amaas/proto/amaas/registry/v1/blobs";
import type { Handlers } from "@amaas/rpc";
import { blobTooLarge, chunkTooLarge, uploadAbandoned } from "../errors.ts";
import type { Registry } from "../registry.ts";

const largestChunk = 1 << 20;

export function uploadBlob({
  blobs,
  config,
  events,
}: Registry): Handlers<BlobsDefinition>["uploadBlob"] {
  return async (requests, { signal }) => {
    const messages = requests[Symbol.asyncIterator]();
    try {
      const first = await messages.next();
      const expected = first.done ? "" : first.value.expectedDigest;
      const options = expected === "" ? {} : { expected: parseDigest(expected) };
      const bytes = chunks(first, messages, config.maxBlobBytes, signal);
      const { digest, size } = await blobs.put(bytes, options);
      events.blobUploaded(digest, size);
      return { digest, bytes: size };
    } finally {
      await messages.return?.();
    }
  };
}

async function* chunks(
  first: IteratorResult<UploadBlobRequest>,
  messages: AsyncIterator<UploadBlobRequest>,
  limit: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let total = 0;
  for (let next = first; !next.done; next = await messages.next()) {
    const { chunk } = next.value;
    total += chunk.length;
    if (chunk.length > largestChunk) throw chunkTooLarge(chunk.length, largestChunk);
    if (total > limit) throw blobTooLarge(limit);
    yield chunk;
  }
  // When a caller leaves, its messages may be seen to end a moment before it is seen to have left.
  await setImmediate();
  if (signal.aborted) throw uploadAbandoned(signal.reason);
}
