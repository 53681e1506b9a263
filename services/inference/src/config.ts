/** The inference service's own environment variables. */
import { type ConfigOf, integer, optional, text, url } from "@amaas/config";

export const config = {
  registryAddress: text("AMAAS_REGISTRY_ADDRESS", {
    default: "127.0.0.1:7102",
    describe: "host:port of the registry",
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
  alias: text("AMAAS_ALIAS", {
    default: "champion",
    describe: "the alias whose versions are served",
  }),
  pollSeconds: integer("AMAAS_POLL_SECONDS", {
    default: 5,
    min: 1,
    max: 3600,
    describe: "how often the registry is asked, whether or not an event came",
  }),
  threads: integer("AMAAS_INFERENCE_THREADS", {
    default: 1,
    min: 1,
    max: 256,
    describe: "threads that run models",
  }),
  queueLimit: integer("AMAAS_INFERENCE_QUEUE", {
    default: 1000,
    min: 0,
    describe: "requests that may wait for a thread; more are refused",
  }),
  queueMebibytes: integer("AMAAS_INFERENCE_QUEUE_MIB", {
    default: 256,
    min: 1,
    describe: "mebibytes of input that may wait for a thread; more are refused",
  }),
};

export type InferenceConfig = ConfigOf<typeof config>;
