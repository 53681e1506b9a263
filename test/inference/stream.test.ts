/** Many requests on one stream: order, errors, back-pressure, leaving. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ModelStreamInferResponse } from "@amaas/proto/inference/grpc_service";
import { Channel } from "@amaas/rpc";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type RegistryServer, startRegistryServer } from "../registry/registry-server.ts";
import { firstOf, type InferenceServer, row, startInferenceServer } from "./inference-server.ts";
import { scaling, slow } from "./models.ts";

let folder: string;
let registry: RegistryServer;
let inference: InferenceServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "amaas-stream-"));
  registry = await startRegistryServer({ folder });
  inference = await startInferenceServer({ folder, registryAddress: registry.address });
  await publish("scaler", scaling(3));
  await publish("slow", slow());
});

afterAll(async () => {
  await inference?.stop();
  await registry?.stop();
  await rm(folder, { recursive: true });
});

async function publish(model: string, bytes: Uint8Array): Promise<void> {
  await registry.publish(model, bytes);
  await inference.serves(model, 1, 30_000);
}

/** However busy the machine is; and what is over soon is looked for often. */
const patience = { timeout: 20_000, interval: 1 };

const quick = (id: number) => ({ ...row("scaler", id), id: String(id) });
const slowly = (id: string) => ({
  modelName: "slow",
  id,
  inputs: [{ name: "x", datatype: "FP32", shape: [100n, 512n] }],
  rawInputContents: [new Uint8Array(4 * 100 * 512)],
});

function numberIn({ errorMessage, inferResponse }: ModelStreamInferResponse): number {
  expect(errorMessage).toBe("");
  return firstOf(inferResponse!);
}

async function all(answers: AsyncIterable<ModelStreamInferResponse>) {
  const read: ModelStreamInferResponse[] = [];
  for await (const answer of answers) read.push(answer);
  return read;
}

const idsOf = (answers: readonly ModelStreamInferResponse[]) =>
  answers.map(({ inferResponse }) => inferResponse!.id);

test("thousands of requests are each answered, in their order", async () => {
  const ids = Array.from({ length: 3000 }, (_, id) => id);
  const answers = await all(inference.client.modelStreamInfer(ids.map(quick)));
  expect(idsOf(answers)).toEqual(ids.map(String));
  expect(answers.map(numberIn)).toEqual(ids.map((id) => id * 3));
});

test("a request that takes long is answered before those that came after it", async () => {
  const answers = await all(
    inference.client.modelStreamInfer([quick(1), slowly("slow"), quick(2), quick(3)]),
  );
  expect(idsOf(answers)).toEqual(["1", "slow", "2", "3"]);
});

test("what is wrong with a request is said in its answer and harms no other", async () => {
  const answers = await all(
    inference.client.modelStreamInfer([
      quick(1),
      { modelName: "nobody", id: "unknown" },
      { ...quick(2), rawInputContents: [new Uint8Array(15)], id: "short" },
      quick(3),
    ]),
  );
  expect(idsOf(answers)).toEqual(["1", "unknown", "short", "3"]);
  expect(answers.map(({ errorMessage }) => errorMessage)).toEqual([
    "",
    "Request for unknown model: 'nobody' is not found",
    "input byte size mismatch for input 'x' for model 'scaler'. Expected 16, got 15",
    "",
  ]);
  expect(answers[1]!.inferResponse).toEqual({
    ...{ id: "unknown", modelName: "", modelVersion: "" },
    ...{ parameters: {}, outputs: [], rawOutputContents: [] },
  });
});

test("who asks for statuses gets that of the first error, after the answers before it", async () => {
  const metadata = { triton_grpc_error: "true" };
  const requests = [slowly("slow"), quick(1), { modelName: "nobody" }, quick(2)];
  const answers: ModelStreamInferResponse[] = [];
  const reading = (async () => {
    for await (const answer of inference.client.modelStreamInfer(requests, { metadata }))
      answers.push(answer);
  })();
  await expect(reading).rejects.toMatchObject({
    code: "not-found",
    message: "Request for unknown model: 'nobody' is not found",
  });
  expect(idsOf(answers)).toEqual(["slow", "1"]);
});

test("a caller who does not read is not read from", async () => {
  const many = {
    modelName: "scaler",
    inputs: [{ name: "x", datatype: "FP32", shape: [2000n, 4n] }],
    rawInputContents: [new Uint8Array(2000 * 4 * 4)],
  };
  let sent = 0;
  const requests = (function* () {
    for (; sent < 5000; sent++) yield many;
  })();
  const answers = inference.client.modelStreamInfer(requests);
  await answers.next();
  let before = -1;
  await vi.waitFor(
    () => {
      const still = sent === before;
      before = sent;
      expect(still).toBe(true);
    },
    { timeout: 30_000, interval: 500 },
  );
  expect(sent).toBeLessThan(2000);
  expect(await inference.scale("scaler", 2)).toEqual({ version: "1", y: 6 });
  await answers.return?.();
});

test("a caller who leaves is not computed for any more", async () => {
  const runs = () => inference.metric("nv_inference_exec_count");
  const pending = () => inference.metric("nv_inference_pending_request_count");
  const before = await runs();
  const leaving = new AbortController();
  const ids = Array.from({ length: 60 }, (_, id) => String(id));
  const reading = all(
    inference.client.modelStreamInfer(ids.map(slowly), { signal: leaving.signal }),
  );
  await vi.waitFor(async () => expect(await pending()).toBeGreaterThan(10), patience);
  leaving.abort();
  await expect(reading).rejects.toMatchObject({ code: "cancelled" });
  await vi.waitFor(async () => expect(await pending()).toBe(0), patience);
  expect((await runs()) - before).toBeLessThan(40);
});

test("a stream that stays open answers what comes, when it comes", async () => {
  const requests = new Channel<ReturnType<typeof quick>>();
  const answers = inference.client.modelStreamInfer(requests);
  for (const id of [7, 8, 9]) {
    requests.push(quick(id));
    const { value } = await answers.next();
    expect(numberIn(value!)).toBe(id * 3);
  }
  requests.end();
  expect(await answers.next()).toEqual({ done: true, value: undefined });
});
