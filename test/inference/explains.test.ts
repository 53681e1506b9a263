/** A request that asks is told what became of it, in the response and in its trace. */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type OtlpReceiver, startOtlpReceiver } from "../e2e/otlp-receiver.ts";
import { type RegistryServer, startRegistryServer } from "../registry/registry-server.ts";
import { type InferenceServer, row, startInferenceServer } from "./inference-server.ts";
import { scaling, slow } from "./models.ts";

const model = "explained";
let folder: string;
let collector: OtlpReceiver;
let registry: RegistryServer;
let inference: InferenceServer;
let digest: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "amaas-explains-"));
  collector = await startOtlpReceiver();
  // The exporter reads the environment itself.
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url);
  vi.stubEnv("OTEL_BSP_SCHEDULE_DELAY", "50");
  registry = await startRegistryServer({ folder });
  inference = await startInferenceServer({
    folder,
    registryAddress: registry.address,
    tracing: process.env,
  });
  digest = await registry.upload(scaling(2));
  const { version } = await registry.registry.createVersion({ version: { model, digest } });
  await registry.registry.moveAlias({ model, alias: "champion", version: version!.version });
  await inference.serves(model, 1);
});

afterAll(async () => {
  await inference?.stop();
  await registry?.stop();
  await collector?.close();
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

test("who does not ask gets no parameters; who asks gets what happened", async () => {
  const { client } = inference;
  expect((await client.modelInfer(row(model, 1))).parameters).toEqual({});

  const parameters = { amaas_explain: { parameterChoice: { $case: "boolParam", value: true } } };
  const answers = [
    await client.modelInfer({ ...row(model, 1), parameters } as ReturnType<typeof row>),
    await client.modelInfer(row(model, 1), { metadata: { "amaas-explain": "1" } }),
  ];
  for (const { parameters: told } of answers) {
    const value = (name: string) => told[name]?.parameterChoice?.value;
    expect(value("amaas_version")).toBe("1");
    expect(value("amaas_digest")).toBe(digest);
    expect(value("amaas_cache")).toBe("off");
    expect(value("amaas_batch_rows")).toBe(1n);
    expect(value("amaas_batch_requests")).toBe(1n);
    expect(value("amaas_batch_closed_by")).toMatch(/^[a-z]+$/);
    const parts = ["queue", "compute_input", "compute_infer", "compute_output"];
    const spent = parts.reduce((sum, part) => sum + Number(value(`amaas_${part}_us`)), 0);
    expect(spent).toBeGreaterThan(0);
    // Each of them is rounded by itself.
    expect(spent).toBeLessThanOrEqual(Number(value("amaas_total_us")) + 2);
  }
  const [first, second] = answers.map(({ parameters: { amaas_batch_id: id } }) => id);
  expect(first).not.toEqual(second);
});

test("a request that is asked for in a way that means nothing is refused", async () => {
  const parameters = { amaas_explain: { parameterChoice: { $case: "int64Param", value: 2n } } };
  const request = { ...row(model, 1), parameters } as ReturnType<typeof row>;
  await expect(inference.client.modelInfer(request)).rejects.toMatchObject({
    code: "invalid-argument",
    violations: [{ field: "parameters.amaas_explain" }],
  });
});

test("a request's trace has its wait and its run; one that is not recorded leaves nothing", async () => {
  const parentId = "00f067aa0ba902b7";
  const [quiet, seen] = [randomBytes(16).toString("hex"), randomBytes(16).toString("hex")];
  await inference.client.modelInfer(row(model, 1), { traceparent: `00-${quiet}-${parentId}-00` });
  await inference.client.modelInfer(row(model, 1), { traceparent: `00-${seen}-${parentId}-01` });

  const of = (traceId: string) => collector.spans.filter((span) => span.traceId === traceId);
  const names = ["inference.GRPCInferenceService/ModelInfer", "batch", "queue", "run"].map(
    (name) => (name.includes("/") ? name : `inference.${name}`),
  );
  await vi.waitFor(
    () =>
      expect(
        of(seen)
          .map(({ name }) => name)
          .sort(),
      ).toEqual(names),
    20_000,
  );
  const [call, batch, queue, run] = names.map(
    (name) => of(seen).find((span) => span.name === name)!,
  );
  expect(batch!.parentId).toBe(call!.spanId);
  expect(batch!.links).toEqual([call!.spanId]);
  expect(queue!.parentId).toBe(call!.spanId);
  expect(queue!.links).toEqual([batch!.spanId]);
  expect(run!.parentId).toBe(batch!.spanId);
  expect(batch!.attributes).toMatchObject({
    "amaas.model": model,
    "amaas.version": "1",
    "amaas.batch.rows": 1,
    "amaas.batch.requests": 1,
  });
  expect(run!.start).toBeGreaterThanOrEqual(batch!.start);
  expect(run!.end).toBeLessThanOrEqual(batch!.end);
  expect(queue!.end).toBe(batch!.start);
  expect(of(quiet)).toEqual([]);
});

test("requests that share a run tell of one batch, which counts once and is linked to all of them", async () => {
  const shared = "shared";
  await registry.publish(shared, slow());
  await inference.serves(shared, 1, 60_000);
  const send = (rows: number, traceparent: string) =>
    inference.client.modelInfer(
      {
        modelName: shared,
        inputs: [{ name: "x", datatype: "FP32", shape: [BigInt(rows), 512n] }],
        rawInputContents: [new Uint8Array(rows * 2048)],
      },
      { traceparent, metadata: { "amaas-explain": "1" } },
    );
  type Answer = Awaited<ReturnType<typeof send>>;
  const value = ({ parameters }: Answer, name: string) =>
    parameters[`amaas_${name}`]?.parameterChoice?.value;
  let traces: string[] = [];
  let answers: Answer[] = [];
  // A large one keeps the only instance busy; when the others come is for the machine to say.
  await vi.waitFor(async () => {
    traces = Array.from({ length: 3 }, () => randomBytes(16).toString("hex"));
    const large = send(300, `00-${randomBytes(16).toString("hex")}-00f067aa0ba902b7-00`);
    await new Promise((resolve) => setTimeout(resolve, 30));
    answers = await Promise.all(traces.map((trace) => send(1, `00-${trace}-00f067aa0ba902b7-01`)));
    await large;
    expect(value(answers[0]!, "batch_requests")).toBe(3n);
  }, 60_000);
  for (const answer of answers) {
    expect(value(answer, "batch_id")).toBe(value(answers[0]!, "batch_id"));
    expect(value(answer, "batch_rows")).toBe(3n);
    expect(value(answer, "batch_requests")).toBe(3n);
    expect(value(answer, "queue_us")).toBeGreaterThan(0n);
  }

  const { modelStats } = await inference.client.modelStatistics({ name: shared });
  const { inferenceCount, executionCount, inferenceStats, batchStats } = modelStats[0]!;
  const runs = batchStats.map(({ batchSize, computeInfer }) => [batchSize, computeInfer!.count]);
  expect(runs).toContainEqual([3n, 1n]);
  expect(runs.reduce((sum, [rows, count]) => sum + rows! * count!, 0n)).toBe(inferenceCount);
  expect(runs.reduce((sum, [, count]) => sum + count!, 0n)).toBe(executionCount);
  expect(inferenceStats!.success!.count).toBeGreaterThan(executionCount);

  const of = (name: string) =>
    collector.spans.filter((span) => traces.includes(span.traceId) && span.name === name);
  await vi.waitFor(() => {
    expect(of("inference.queue")).toHaveLength(3);
    expect(of("inference.GRPCInferenceService/ModelInfer")).toHaveLength(3);
  }, 20_000);
  expect(of("inference.batch")).toHaveLength(1);
  expect(of("inference.run")).toHaveLength(1);
  const [batch] = of("inference.batch");
  const calls = of("inference.GRPCInferenceService/ModelInfer").map(({ spanId }) => spanId);
  expect([...batch!.links].sort()).toEqual(calls.sort());
  for (const queue of of("inference.queue")) expect(queue.links).toEqual([batch!.spanId]);
}, 90_000);
