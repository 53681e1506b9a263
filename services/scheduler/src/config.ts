/** The scheduler's environment variables, besides those of every service. */
import { integer, optional, text, url } from "@amaas/config";

export const configTable = {
  databaseUrl: url("AMAAS_DATABASE_URL", {
    protocols: ["sqlite:", "postgres:", "postgresql:"],
    describe: "where jobs are kept, e.g. sqlite:/var/lib/amaas/scheduler.db",
  }),
  blobsUrl: url("AMAAS_BLOBS_URL", {
    protocols: ["file:"],
    describe: "the blob store that all services share",
  }),
  natsUrl: optional(
    text("AMAAS_NATS_URL", { describe: "NATS servers; the embedded bus where it is not set" }),
  ),
  registryAddress: text("AMAAS_REGISTRY_ADDRESS", {
    default: "127.0.0.1:7102",
    describe: "host:port of the registry",
  }),
  graceSeconds: integer("AMAAS_NODE_GRACE_SECONDS", {
    default: 10,
    min: 1,
    max: 3_600,
    describe: "how long a node may be away before its work is given to others",
  }),
};
