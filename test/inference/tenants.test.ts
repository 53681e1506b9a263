/** Tenants share a replica: each has what it may, and none keeps the others waiting. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type InferenceServer, row, startInferenceServer } from "./inference-server.ts";
import { type ModelFolder, modelFolder } from "./model-folder.ts";
import { scaling, slow } from "./models.ts";

let folder: ModelFolder;
let inference: InferenceServer;

beforeAll(async () => {
  folder = await modelFolder();
  await folder.put("scaling/1/model.onnx", scaling(2));
  await folder.put("slow/1/model.onnx", slow(300));
  // No batches, so that whose turn it is can be seen.
  const tensors = `input { name: "x" data_type: TYPE_FP32 dims: [ -1, 512 ] }
    output { name: "y" data_type: TYPE_FP32 dims: [ -1, 512 ] }`;
  await folder.put("slow/config.pbtxt", tensors);
  inference = await startInferenceServer({
    env: {
      AMAAS_MODEL_REPOSITORY: folder.path,
      AMAAS_INFERENCE_TENANTS: '{"one": {"concurrency": 1}, "rare": {"perSecond": 0.01}}',
    },
  });
  await inference.serves("slow", 1, 60_000);
  await inference.serves("scaling", 1);
}, 120_000);

afterAll(async () => {
  await inference?.stop();
  await folder?.close();
});

const as = (tenant: string) => ({ metadata: { "amaas-tenant": tenant } });

function slowly(tenant: string) {
  return inference.client.modelInfer(
    {
      modelName: "slow",
      inputs: [{ name: "x", datatype: "FP32", shape: [8n, 512n] }],
      rawInputContents: [new Uint8Array(8 * 512 * 4)],
    },
    as(tenant),
  );
}

test("a tenant has as many requests at a time as it may", async () => {
  const running = slowly("one");
  await expect(slowly("one")).rejects.toMatchObject({
    code: "resource-exhausted",
    message: "tenant 'one' has 1 requests at a time already, as many as it may",
    retryAfterMs: 100,
  });
  await Promise.all([running, slowly("another")]);
  await slowly("one");
});

test("a tenant starts as many requests in a second as it may", async () => {
  await inference.client.modelInfer(row("scaling", 1), as("rare"));
  await expect(inference.client.modelInfer(row("scaling", 1), as("rare"))).rejects.toMatchObject({
    code: "resource-exhausted",
    message: expect.stringContaining("may start 0.01 requests in a second"),
  });
  await inference.client.modelInfer(row("scaling", 1), as("common"));
});

test("who asks a little is not kept waiting by who asks a lot", async () => {
  const order: string[] = [];
  const told = (tenant: string) => slowly(tenant).then(() => order.push(tenant));
  const many = Array.from({ length: 30 }, () => told("heavy"));
  await inference.client.serverLive({});
  const few = Array.from({ length: 3 }, () => told("light"));
  await Promise.all([...many, ...few]);
  // Taking turns from when it came, its last is among the first ones.
  expect(order.lastIndexOf("light")).toBeLessThan(20);
});
