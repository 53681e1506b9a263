/** SIGTERM under load: what is in flight is answered, by whatever way it came, and the process ends with 0. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  GRPCInferenceServiceDefinition,
  type ModelStreamInferResponse,
} from "@amaas/proto/inference/grpc_service";
import { Channel, type Client, createClient } from "@amaas/rpc";
import { nullTelemetry } from "@amaas/telemetry";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type InferenceProcess, startInferenceProcess } from "./inference-process.ts";
import { firstOf, row } from "./inference-server.ts";
import { type ModelFolder, modelFolder } from "./model-folder.ts";
import { scaling, slow } from "./models.ts";
import { restClient, withBinary } from "./rest-client.ts";

const timeout = 120_000;

let cache: string;
let models: ModelFolder;
let replica: InferenceProcess;
let client: Client<typeof GRPCInferenceServiceDefinition>;

beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), "amaas-stopping-"));
  models = await modelFolder();
  await models.put("slow/1/model.onnx", slow());
  await models.put("scale/1/model.onnx", scaling(3));
  replica = await startInferenceProcess({
    AMAAS_MODEL_REPOSITORY: models.path,
    AMAAS_INFERENCE_CACHE: cache,
    AMAAS_INFERENCE_THREADS: "1",
    // Longer than anybody here waits: a peer that stays does not hold it up.
    AMAAS_DRAIN_SECONDS: "300",
  });
  client = createClient(GRPCInferenceServiceDefinition, replica.grpc, {
    telemetry: nullTelemetry(),
    retry: false,
  });
}, timeout);

afterEach(async () => {
  client?.close();
  await replica?.stop();
  await models.close();
  await rm(cache, { recursive: true });
});

const rows = 200;
const slowly = {
  modelName: "slow",
  inputs: [{ name: "x", datatype: "FP32", shape: [BigInt(rows), 512n] }],
  rawInputContents: [new Uint8Array(4 * rows * 512)],
};

/** What callers of the quick model saw, who go on until they are refused. */
async function untilRefused(): Promise<string> {
  for (let x = 0; ; x++)
    try {
      expect(firstOf(await client.modelInfer(row("scale", x)))).toBe(3 * x);
    } catch (error) {
      return error instanceof Error && "code" in error ? String(error.code) : String(error);
    }
}

/** Of the slow model's requests, those that wait, and those that are there or have been answered already. */
async function slowOnes() {
  const { modelStats } = await client.modelStatistics({ name: "slow" });
  const { inferenceStats, activity } = modelStats[0]!;
  const waiting = Number(activity!.pending);
  // One is run at a time, and one is while others wait.
  return { waiting, come: Number(inferenceStats!.success!.count) + waiting + Number(waiting > 0) };
}

/** All answers, and how the stream ended. */
async function read(answers: AsyncIterable<ModelStreamInferResponse>) {
  const ids: string[] = [];
  try {
    for await (const { errorMessage, inferResponse } of answers) {
      expect(errorMessage).toBe("");
      ids.push(inferResponse!.id);
    }
    return { ids, end: "ok" };
  } catch (error) {
    return { ids, end: error };
  }
}

test("unary calls, streams and REST", { timeout }, async () => {
  const quick = [untilRefused(), untilRefused()];
  const requests = new Channel<typeof slowly & { id: string }>();
  const streamed = read(client.modelStreamInfer(requests));
  for (const id of ["1", "2", "3"]) requests.push({ ...slowly, id });
  const idle = read(client.modelStreamInfer(new Channel<typeof slowly>()));
  const unary = Array.from({ length: 3 }, () => client.modelInfer(slowly));
  const rest = restClient(replica.rest);
  const json = {
    inputs: [
      {
        name: "x",
        datatype: "FP32",
        shape: [rows, 512],
        parameters: { binary_data_size: 4 * rows * 512 },
      },
    ],
    parameters: { binary_data_output: true },
  };
  const { body, headers } = withBinary(json, new Float32Array(rows * 512));
  const byRest = Array.from({ length: 3 }, () => rest("/v2/models/slow/infer", { body, headers }));
  await vi.waitFor(async () => expect((await slowOnes()).come).toBe(9), {
    timeout: 30_000,
    interval: 5,
  });
  expect((await slowOnes()).waiting).toBeGreaterThan(0);
  const code = replica.stop();

  for (const { outputs } of await Promise.all(unary)) expect(outputs).toHaveLength(1);
  for (const { status } of await Promise.all(byRest)) expect(status).toBe(200);
  const stopping = expect.objectContaining({
    code: "unavailable",
    message: "the server is stopping",
  });
  expect(await streamed).toEqual({ ids: ["1", "2", "3"], end: stopping });
  expect(await idle).toEqual({ ids: [], end: stopping });
  expect(await Promise.all(quick)).toEqual(["unavailable", "unavailable"]);
  expect(await code).toBe(0);
});

test("a stream that never pauses is answered up to where it was taken", { timeout }, async () => {
  let sent = 0;
  let asking = true;
  async function* endless() {
    while (asking) yield { ...row("scale", 1), id: String(sent++) };
  }
  const streamed = read(client.modelStreamInfer(endless()));
  await vi.waitFor(() => expect(sent).toBeGreaterThan(500), 30_000);
  const code = replica.stop();
  const { ids, end } = await streamed;
  asking = false;
  expect(end).toMatchObject({ code: "unavailable", message: "the server is stopping" });
  expect(ids).toEqual(Array.from(ids, (_, at) => String(at)));
  expect(ids.length).toBeGreaterThan(0);
  expect(await code).toBe(0);
});
