/** Requests that share runs: each gets its own rows back, and none pays for another. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RegistryServer, startRegistryServer } from "../registry/registry-server.ts";
import { type InferenceServer, startInferenceServer } from "./inference-server.ts";
import { lookup, pictures, ranks, slow } from "./models.ts";

const timeout = 60_000;

let folder: string;
let registry: RegistryServer;
let inference: InferenceServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "amaas-batching-"));
  registry = await startRegistryServer({ folder });
  const models = { slow: slow(), lookup: lookup(), ranks: ranks(), pictures: pictures() };
  for (const [model, bytes] of Object.entries(models)) await registry.publish(model, bytes);
  inference = await startInferenceServer({ folder, registryAddress: registry.address });
  for (const model of Object.keys(models)) await inference.serves(model, 1, timeout);
}, timeout);

afterAll(async () => {
  await inference?.stop();
  await registry?.stop();
  await rm(folder, { recursive: true });
});

async function statisticsOf(name: string) {
  const { modelStats } = await inference.client.modelStatistics({ name, version: "" });
  const { inferenceCount = 0n, executionCount = 0n } = modelStats[0] ?? {};
  return { rows: Number(inferenceCount), runs: Number(executionCount) };
}

/** While this runs, requests wait and come together. */
function busy(): Promise<unknown> {
  const x = { name: "x", datatype: "FP32", shape: [400n, 512n] };
  const rawInputContents = [new Uint8Array(4 * 400 * 512)];
  return inference.client.modelInfer({ modelName: "slow", inputs: [x], rawInputContents });
}

const floats = (bytes: Uint8Array | undefined) => [...new Float32Array(bytes!.slice().buffer)];

function look(...indices: number[]): Promise<number[]> {
  const index = { name: "index", datatype: "INT64", shape: [BigInt(indices.length)] };
  const bytes = new Uint8Array(BigInt64Array.from(indices, BigInt).buffer);
  return inference.client
    .modelInfer({ modelName: "lookup", inputs: [index], rawInputContents: [bytes] })
    .then(({ rawOutputContents: [y] }) => floats(y));
}

test("requests that wait are run together, and each gets its own rows", { timeout }, async () => {
  const before = await statisticsOf("lookup");
  const running = busy();
  const sizes = Array.from({ length: 24 }, (_, at) => (at % 4) + 1);
  const answers = await Promise.all(
    sizes.map((size, at) => look(...Array.from({ length: size }, (_, row) => (at + row) % 10))),
  );
  await running;
  for (const [at, size] of sizes.entries())
    expect(answers[at]).toEqual(Array.from({ length: size }, (_, row) => (at + row) % 10));
  const after = await statisticsOf("lookup");
  expect(after.rows - before.rows).toBe(sizes.reduce((sum, size) => sum + size));
  expect(after.runs - before.runs).toBeLessThan(sizes.length / 2);
});

test("a request that the model cannot run fails, and those beside it do not", {
  timeout,
}, async () => {
  const running = busy();
  const asked = Array.from({ length: 9 }, (_, at) => look(at === 4 ? 99 : at));
  const settled = await Promise.allSettled(asked);
  await running;
  for (const [at, outcome] of settled.entries())
    if (at === 4)
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "internal" } });
    else expect(outcome).toEqual({ status: "fulfilled", value: [at] });
});

test("requests of other shapes are run too, with their like", { timeout }, async () => {
  const before = await statisticsOf("pictures");
  const running = busy();
  const widths = Array.from({ length: 12 }, (_, at) => 2 + (at % 3));
  const answers = await Promise.all(
    widths.map(async (width, at) => {
      const x = { name: "x", datatype: "FP32", shape: [1n, BigInt(width)] };
      const bytes = new Uint8Array(new Float32Array(width).fill(at).buffer);
      const request = { modelName: "pictures", inputs: [x], rawInputContents: [bytes] };
      const { outputs, rawOutputContents } = await inference.client.modelInfer(request);
      expect(outputs[0]?.shape).toEqual([1n]);
      return floats(rawOutputContents[0])[0];
    }),
  );
  await running;
  expect(answers).toEqual(widths.map((width, at) => width * at));
  const after = await statisticsOf("pictures");
  expect(after.runs - before.runs).toBeLessThan(widths.length);
  expect(after.runs - before.runs).toBeGreaterThanOrEqual(3);
});

test("rows that a model looks at together are not those of two requests", { timeout }, async () => {
  const line = inference.log.find(({ message }) => message.includes("not batched"));
  expect(line).toMatchObject({ model: "ranks", reason: expect.stringContaining("depends on") });
  const running = busy();
  const answers = await Promise.all(
    Array.from({ length: 6 }, async (_, at) => {
      const x = { name: "x", datatype: "FP32", shape: [2n, 1n] };
      const bytes = new Uint8Array(Float32Array.of(at, at + 1).buffer);
      const request = { modelName: "ranks", inputs: [x], rawInputContents: [bytes] };
      return floats((await inference.client.modelInfer(request)).rawOutputContents[0]);
    }),
  );
  await running;
  for (const answer of answers) expect(answer).toEqual([-0.5, 0.5]);
});
