/** The registry's own environment variables. */
import { type ConfigOf, integer, optional, text, url } from "@amaas/config";

export const config = {
  databaseUrl: url("AMAAS_DATABASE_URL", {
    protocols: ["sqlite:", "postgres:", "postgresql:"],
    describe: "where models, versions and aliases are kept, e.g. sqlite:/var/lib/amaas/registry.db",
  }),
  blobsUrl: url("AMAAS_BLOBS_URL", {
    protocols: ["file:"],
    describe: "the blob store, for example file:///var/lib/amaas/blobs",
  }),
  natsUrl: optional(
    text("AMAAS_NATS_URL", {
      describe: "NATS servers that carry events; the embedded bus where it is not set",
    }),
  ),
  maxBlobBytes: integer("AMAAS_MAX_BLOB_BYTES", {
    default: 8 * 2 ** 30,
    min: 1,
    describe: "the largest blob that may be uploaded",
  }),
};

export type RegistryConfig = ConfigOf<typeof config>;
