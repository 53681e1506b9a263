/** The inference service's own environment variables. */
import { type ConfigOf, integer, optional, text, url } from "@amaas/config";
import { tenants } from "./tenants.ts";

export const config = {
  modelRepository: optional(
    text("AMAAS_MODEL_REPOSITORY", {
      describe: "a folder of models, served in place of the registry's",
    }),
  ),
  modelControlMode: text("AMAAS_MODEL_CONTROL_MODE", {
    default: "none",
    choices: ["none", "poll", "explicit"],
    describe: "models of the folder: all at the start, as the folder changes, or as requests say",
  }),
  repositoryPollSeconds: integer("AMAAS_REPOSITORY_POLL_SECONDS", {
    default: 15,
    min: 1,
    max: 86_400,
    describe: "how often the folder is looked at in mode poll",
  }),
  loadModels: optional(
    text("AMAAS_LOAD_MODELS", {
      describe: "models to begin with in mode explicit, with commas between them; * is all",
    }),
  ),
  registryAddress: optional(
    text("AMAAS_REGISTRY_ADDRESS", {
      describe: "host:port of the registry, 127.0.0.1:7102 where no folder is given",
    }),
  ),
  blobsUrl: optional(
    url("AMAAS_BLOBS_URL", {
      protocols: ["file:"],
      describe: "the registry's blob store, for example file:///var/lib/amaas/blobs",
    }),
  ),
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
    default: 0,
    min: 0,
    max: 256,
    describe: "cores that a model's instances share; 0 for all that the process may use",
  }),
  runLimitSeconds: integer("AMAAS_INFERENCE_RUN_LIMIT_SECONDS", {
    default: 30,
    min: 1,
    max: 3600,
    describe: "how long one run of a model may take before it counts as hanging",
  }),
  cacheFolder: optional(
    text("AMAAS_INFERENCE_CACHE", {
      describe: "a folder for what examinations found and for rewritten graphs",
    }),
  ),
  userCacheFolder: optional(
    text("XDG_CACHE_HOME", {
      describe: "where the cache is, in amaas/graphs, unless told otherwise",
    }),
  ),
  cacheMebibytes: integer("AMAAS_INFERENCE_CACHE_MIB", {
    default: 2048,
    min: 1,
    describe: "mebibytes that the cache may take; what was used longest ago goes",
  }),
  memoryMebibytes: integer("AMAAS_INFERENCE_MEMORY_MIB", {
    default: 0,
    min: 0,
    describe:
      "mebibytes that loaded models may take; what is used least makes room; 0 loads all at once",
  }),
  queueLimit: integer("AMAAS_INFERENCE_QUEUE", {
    default: 1000,
    min: 0,
    describe: "requests that may wait for a version; more are refused",
  }),
  queueMebibytes: integer("AMAAS_INFERENCE_QUEUE_MIB", {
    default: 256,
    min: 1,
    describe: "mebibytes of input that may wait for a thread; more are refused",
  }),
  loadReports: text("AMAAS_INFERENCE_LOAD_REPORTS", {
    default: "asked",
    choices: ["asked", "always"],
    describe:
      "whether all answers over gRPC tell how loaded this replica is, or those that are asked",
  }),
  serverName: text("AMAAS_SERVER_NAME", {
    default: "triton",
    describe: "the server's name in its metadata, which some of Triton's clients look at",
  }),
  tenants: tenants("AMAAS_INFERENCE_TENANTS", {
    describe:
      'what each tenant may have, as JSON: {"gold": {"weight": 4}, "*": {"perSecond": 100}}',
  }),
  answerMebibytes: integer("AMAAS_INFERENCE_ANSWERS_MIB", {
    default: 64,
    min: 0,
    describe: "mebibytes of answers that are kept for models that want it",
  }),
  restPort: integer("AMAAS_REST_PORT", {
    default: 8000,
    min: 0,
    max: 65_535,
    describe: "port of the REST protocol; 0 takes a free one",
  }),
  restJsonMebibytes: integer("AMAAS_REST_JSON_MIB", {
    default: 4,
    min: 1,
    max: 64,
    describe: "mebibytes of JSON in a REST request or its answer; binary data may be larger",
  }),
};

export type InferenceConfig = ConfigOf<typeof config>;
