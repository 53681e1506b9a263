/** What the registry tells of itself: for each event its log line and its counter. */
import type { Alias, Version } from "@amaas/proto/amaas/registry/v1/registry";
import type { Telemetry } from "@amaas/telemetry";

export type Events = ReturnType<typeof createEvents>;

export function createEvents({ log, metrics }: Telemetry) {
  const versions = metrics.counter(
    "amaas_registry_versions_total",
    "CreateVersion calls by outcome: created, or repeated for a known idempotency key",
    ["outcome"],
  );
  const moves = metrics.counter(
    "amaas_registry_alias_moves_total",
    "Alias changes by kind (move, rollback) and outcome (moved, unchanged)",
    ["kind", "outcome"],
  );
  const uploads = metrics.counter("amaas_registry_blob_uploads_total", "Blobs uploaded");
  const uploadBytes = metrics.counter("amaas_registry_blob_upload_bytes_total", "Bytes uploaded");
  const downloadBytes = metrics.counter(
    "amaas_registry_blob_download_bytes_total",
    "Bytes downloaded",
  );

  return {
    versionCreated({ model, version, digest, bytes, lineage }: Version, repeated: boolean): void {
      versions.add(1, { outcome: repeated ? "repeated" : "created" });
      const fields = { model, version, digest, bytes, job: lineage?.job };
      log.info(repeated ? "version was created before" : "version created", fields);
    },

    aliasMoved(
      kind: "move" | "rollback",
      { alias, moved }: { alias: Alias; moved: boolean },
    ): void {
      moves.add(1, { kind, outcome: moved ? "moved" : "unchanged" });
      const { model, alias: name, version, revision, reason } = alias;
      const fields = { model, alias: name, version, revision, reason, kind };
      log.info(moved ? "alias moved" : "alias was there already", fields);
    },

    blobUploaded(digest: string, bytes: number): void {
      uploads.add();
      uploadBytes.add(bytes);
      log.info("blob uploaded", { digest, bytes });
    },

    blobPartSent(bytes: number): void {
      downloadBytes.add(bytes);
    },
  };
}
