/**
 * Registry.CreateVersion: register the next version of a model whose bytes are in the blob store.
 *
 * Safe to retry with an idempotency key. The blobs are looked up first: a version that is answered can
 * be loaded, and its evaluation record read.
 */
import { parseDigest } from "@amaas/blobs";
import type { RegistryDefinition, Version } from "@amaas/proto/amaas/registry/v1/registry";
import type { Handlers } from "@amaas/rpc";
import { blobMissing, faulty, refuseFaults } from "../errors.ts";
import type { Registry } from "../registry.ts";
import { submissionFaults } from "../submission.ts";

export function createVersion({
  versions,
  blobs,
  outbox,
  events,
}: Registry): Handlers<RegistryDefinition>["createVersion"] {
  return async ({ idempotencyKey, version: submitted }, { traceparent }) => {
    if (!submitted) {
      throw faulty("create a version", [{ field: "version", description: "is missing" }]);
    }
    refuseFaults("create a version", submissionFaults(submitted, idempotencyKey));

    const bytes = await blobs.size(parseDigest(submitted.digest));
    if (bytes === undefined) throw blobMissing(submitted.digest);

    if (submitted.evaluation !== "") {
      const record = await blobs.size(parseDigest(submitted.evaluation));
      if (record === undefined) throw blobMissing(submitted.evaluation);
    }

    const version: Version = { ...submitted, bytes, traceparent };
    const made = await versions.create(version, idempotencyKey);
    outbox.wake();
    events.versionCreated(made.version, made.repeated);
    return { version: made.version };
  };
}
