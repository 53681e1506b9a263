/** What has happened to a model, told by ModelStatistics and by the metrics page of a real server. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RegistryServer, startRegistryServer } from "../registry/registry-server.ts";
import { type InferenceServer, row, startInferenceServer } from "./inference-server.ts";
import { scaling } from "./models.ts";

let folder: string;
let registry: RegistryServer;
let inference: InferenceServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "amaas-statistics-"));
  registry = await startRegistryServer({ folder });
  inference = await startInferenceServer({ folder, registryAddress: registry.address });
  for (const model of ["asked", "idle"]) {
    await registry.publish(model, scaling(2));
    await inference.serves(model, 1);
  }
});

afterAll(async () => {
  await inference?.stop();
  await registry?.stop();
  await rm(folder, { recursive: true });
});

async function statisticsOf(name: string) {
  const { modelStats } = await inference.client.modelStatistics({ name });
  return modelStats;
}

test("what was sent is what ModelStatistics and the metrics tell", async () => {
  const { client } = inference;
  const rows = [1, 3, 1, 2];
  for (const count of rows)
    await client.modelInfer({
      modelName: "asked",
      inputs: [{ name: "x", datatype: "FP32", shape: [BigInt(count), 4n] }],
      rawInputContents: [new Uint8Array(count * 16)],
    });
  const wrong = { ...row("asked", 1), rawInputContents: [new Uint8Array(3)] };
  await expect(client.modelInfer(wrong)).rejects.toThrow("byte size");
  await expect(client.modelInfer(row("nobody", 1))).rejects.toThrow("unknown model");

  const [told, ...others] = await statisticsOf("asked");
  expect(others).toEqual([]);
  expect(told).toMatchObject({ name: "asked", version: "1", inferenceCount: 7n });
  expect(Number(told!.lastInference)).toBeGreaterThan(Date.now() - 60_000);
  const { success, fail, queue, computeInput, computeInfer, computeOutput, cacheHit } =
    told!.inferenceStats!;
  expect(fail?.count).toBe(1n);
  for (const phase of [success, queue, computeInput, computeInfer, computeOutput])
    expect(phase?.count).toBe(4n);
  expect(cacheHit).toEqual({ count: 0n, ns: 0n });
  const phases = [queue, computeInput, computeInfer, computeOutput];
  const spent = phases.reduce((sum, phase) => sum + phase!.ns, 0n);
  expect(computeInfer!.ns).toBeGreaterThan(0n);
  // Rounded to nanoseconds, each by itself.
  expect(spent).toBeLessThanOrEqual(success!.ns + 4n);

  const runs = told!.batchStats.map(({ batchSize, computeInfer: tally }) => ({
    rows: batchSize * tally!.count,
    count: tally!.count,
  }));
  expect(runs.reduce((sum, batch) => sum + batch.rows, 0n)).toBe(7n);
  expect(runs.reduce((sum, batch) => sum + batch.count, 0n)).toBe(told!.executionCount);

  expect(told!.memoryUsage).toMatchObject([{ type: "CPU", id: 0n }]);
  expect(told!.memoryUsage[0]!.byteSize).toBeGreaterThan(0n);
  expect(await inference.metric("amaas_inference_model_memory_bytes")).toBeGreaterThanOrEqual(
    Number(told!.memoryUsage[0]!.byteSize),
  );
  const { requestCounts, headroom, pending } = told!.activity!;
  expect(requestCounts.reduce((sum, count) => sum + count, 0n)).toBe(success!.count);
  expect(headroom).toBeGreaterThan(0);
  expect(pending).toBe(0n);

  expect(await inference.metric("nv_inference_count")).toBe(7);
  expect(await inference.metric("nv_inference_request_success")).toBe(4);
  expect(await inference.metric("nv_inference_request_failure")).toBe(1);
  expect(await inference.metric("nv_inference_exec_count")).toBe(Number(told!.executionCount));
  expect(await inference.metric("amaas_inference_refused_total")).toBe(1);
  const microseconds = await inference.metric("nv_inference_compute_infer_duration_us");
  expect(Math.abs(microseconds - Number(computeInfer!.ns) / 1000)).toBeLessThanOrEqual(1);
});

test("of all models at once, of one, of one version, and of none", async () => {
  const { client } = inference;
  const all = await statisticsOf("");
  expect(all.map(({ name, version }) => `${name}@${version}`).sort()).toEqual([
    "asked@1",
    "idle@1",
  ]);
  const [idle] = await statisticsOf("idle");
  expect(idle).toMatchObject({ inferenceCount: 0n, executionCount: 0n, lastInference: 0n });
  expect((await client.modelStatistics({ name: "idle", version: "1" })).modelStats).toHaveLength(1);
  await expect(client.modelStatistics({ name: "idle", version: "7" })).rejects.toThrow("'7'");
  await expect(client.modelStatistics({ name: "nobody" })).rejects.toMatchObject({
    code: "not-found",
  });
});

test("a version that is replaced takes its figures with it", async () => {
  await inference.scale("idle", 1);
  await registry.publish("idle", scaling(3));
  await inference.serves("idle", 2);
  await expect
    .poll(async () => (await statisticsOf("idle")).map(({ version }) => version), {
      timeout: 10_000,
    })
    .toEqual(["2"]);
  const [fresh] = await statisticsOf("idle");
  expect(fresh?.inferenceCount).toBe(0n);
});
