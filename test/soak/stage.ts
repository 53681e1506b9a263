/** The server of a soak, a process of its own on a folder of models, and what its callers need. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GRPCInferenceServiceDefinition } from "@amaas/proto/inference/grpc_service";
import { type Client, createClient } from "@amaas/rpc";
import { nullTelemetry } from "@amaas/telemetry";
import { type InferenceProcess, startInferenceProcess } from "../inference/inference-process.ts";
import { modelFolder } from "../inference/model-folder.ts";
import { echo, lookup, pictures, scaling, slow, wideScaling } from "../inference/models.ts";
import { type Rest, restClient } from "../inference/rest-client.ts";
import { Ledger } from "./ledger.ts";

export interface Stage {
  readonly replica: InferenceProcess;
  readonly client: Client<typeof GRPCInferenceServiceDefinition>;
  readonly rest: Rest;
  readonly ledger: Ledger;
  close(): Promise<number | null>;
}

/** What each is there for is told where it is called. */
const models = {
  scale: scaling(2),
  left: scaling(2),
  rest: scaling(2),
  cached: scaling(2),
  flip: scaling(2),
  wide: wideScaling(2),
  guest: scaling(2),
  echo: echo(),
  lookup: lookup(),
  pictures: pictures(),
  slow: slow(20),
};

const configs: Readonly<Record<string, string>> = {
  cached: "response_cache { enable: true }",
  pictures: "max_batch_size: 16 dynamic_batching { max_queue_delay_microseconds: 2000 }",
};

export async function openStage(): Promise<Stage> {
  const folder = await modelFolder();
  const cache = await mkdtemp(join(tmpdir(), "amaas-soak-"));
  for (const [name, bytes] of Object.entries(models)) {
    await folder.put(`${name}/1/model.onnx`, bytes);
    const config = configs[name];
    if (config !== undefined) await folder.put(`${name}/config.pbtxt`, config);
  }
  const replica = await startInferenceProcess({
    AMAAS_MODEL_REPOSITORY: folder.path,
    AMAAS_MODEL_CONTROL_MODE: "explicit",
    AMAAS_LOAD_MODELS: "*",
    AMAAS_INFERENCE_CACHE: cache,
    // A run that fails is told of in the log, and here they are many.
    AMAAS_LOG_LEVEL: "silent",
  });
  const client = createClient(GRPCInferenceServiceDefinition, replica.grpc, {
    telemetry: nullTelemetry(),
    retry: false,
  });
  return {
    replica,
    client,
    rest: restClient(replica.rest),
    ledger: new Ledger(),
    async close() {
      client.close();
      const code = await replica.stop();
      await folder.close();
      await rm(cache, { recursive: true });
      return code;
    },
  };
}
