/** Requests that are answered without a run of their own: asked before, or asked by others just now. */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { firstOf, type InferenceServer, row, startInferenceServer } from "./inference-server.ts";
import { type ModelFolder, modelFolder } from "./model-folder.ts";
import { scaling, slow } from "./models.ts";

let folder: ModelFolder;
let inference: InferenceServer;

const cached = "response_cache { enable: true }";
const ttl = (seconds: string) =>
  `parameters { key: "cache_ttl_seconds" value { string_value: "${seconds}" } }`;

beforeAll(async () => {
  folder = await modelFolder();
  for (const [model, config, bytes] of [
    ["cached", cached, scaling(2)],
    ["plain", "", scaling(2)],
    ["brief", `${cached} ${ttl("1")}`, scaling(2)],
    ["swapped", cached, scaling(2)],
    ["faulty", `${cached} ${ttl("soon")}`, scaling(2)],
    ["slow", `${cached} max_batch_size: 64 dynamic_batching {}`, slow(2500)],
  ] as const) {
    await folder.put(`${model}/1/model.onnx`, bytes);
    await folder.put(`${model}/config.pbtxt`, config);
  }
  inference = await startInferenceServer({
    env: {
      AMAAS_MODEL_REPOSITORY: folder.path,
      AMAAS_MODEL_CONTROL_MODE: "poll",
      AMAAS_REPOSITORY_POLL_SECONDS: "1",
    },
  });
  await inference.serves("slow", 1, 60_000);
  for (const model of ["cached", "plain", "brief", "swapped"]) await inference.serves(model, 1);
}, 120_000);

afterAll(async () => {
  await inference?.stop();
  await folder?.close();
});

const explain = { metadata: { "amaas-explain": "1" } };

/** What the first output's first element is, and where it came from. */
async function ask(model: string, x: number, more = {}) {
  const answer = await inference.client.modelInfer({ ...row(model, x), ...more }, explain);
  return {
    id: answer.id,
    outputs: answer.outputs.map(({ name }) => name),
    y: firstOf(answer),
    cache: answer.parameters.amaas_cache?.parameterChoice?.value,
  };
}

async function statisticsOf(name: string) {
  const { modelStats } = await inference.client.modelStatistics({ name });
  const { inferenceStats, executionCount, inferenceCount } = modelStats[0]!;
  const count = (kind: "success" | "cacheHit" | "cacheMiss") =>
    Number(inferenceStats?.[kind]?.count);
  return {
    runs: Number(executionCount),
    rows: Number(inferenceCount),
    answered: count("success"),
    hits: count("cacheHit"),
    misses: count("cacheMiss"),
  };
}

test("a request that comes again is answered with what was found, under its own id", async () => {
  const before = await statisticsOf("cached");
  expect(await ask("cached", 3, { id: "one" })).toMatchObject({ id: "one", y: 6, cache: "miss" });
  expect(await ask("cached", 3, { id: "two" })).toMatchObject({ id: "two", y: 6, cache: "hit" });
  const typed = {
    inputs: [{ ...row("cached", 3).inputs[0]!, contents: { fp32Contents: [3, 3, 3, 3] } }],
    rawInputContents: [],
  };
  expect(await ask("cached", 3, typed)).toMatchObject({ y: 6, cache: "hit" });
  expect(await ask("cached", 4)).toMatchObject({ y: 8, cache: "miss" });
  const negative = { outputs: [{ name: "negative" }] };
  expect(await ask("cached", 3, negative)).toMatchObject({ y: -3, cache: "miss" });
  expect(await ask("cached", 3, negative)).toMatchObject({ outputs: ["negative"], cache: "hit" });
  const after = await statisticsOf("cached");
  expect(after.runs - before.runs).toBe(3);
  expect(after.rows - before.rows).toBe(3);
  expect(after.hits - before.hits).toBe(3);
  expect(after.misses - before.misses).toBe(3);
  expect(after.answered - before.answered).toBe(6);
});

test("nothing is kept where the model does not ask for it", async () => {
  for (const _ of [1, 2]) expect(await ask("plain", 3)).toMatchObject({ y: 6, cache: "off" });
});

test("an answer holds for as long as the model says; a time that is none keeps it from loading", async () => {
  expect((await ask("brief", 1)).cache).toBe("miss");
  await vi.waitFor(async () => expect((await ask("brief", 1)).cache).toBe("miss"), {
    timeout: 20_000,
    interval: 1100,
  });
  const { models } = await inference.client.repositoryIndex({});
  expect(models.find(({ name }) => name === "faulty")?.reason).toContain(
    "cache_ttl_seconds is 'soon', wanted seconds above 0",
  );
});

test("a new version answers for itself", async () => {
  await ask("swapped", 5);
  expect(await ask("swapped", 5)).toMatchObject({ y: 10, cache: "hit" });
  await folder.put("swapped/2/model.onnx", scaling(7));
  await inference.serves("swapped", 2, 30_000);
  expect(await ask("swapped", 5)).toMatchObject({ y: 35, cache: "miss" });
});

function slowly(signal?: AbortSignal, x = 1) {
  const bytes = new Uint8Array(new Float32Array(16 * 512).fill(x).buffer);
  return inference.client.modelInfer(
    {
      modelName: "slow",
      inputs: [{ name: "x", datatype: "FP32", shape: [16n, 512n] }],
      rawInputContents: [bytes],
    },
    { ...explain, ...(signal && { signal }) },
  );
}

test("identical requests under way are run once; the one that was first may leave", async () => {
  const before = await statisticsOf("slow");
  const leaving = new AbortController();
  // Keeps the only instance, so that the others wait.
  const other = slowly(undefined, 2);
  const first = slowly(leaving.signal);
  const outcome = first.then(
    () => "answered",
    (error: { code: string }) => error.code,
  );
  await vi.waitFor(
    async () => expect(await inference.metric("nv_inference_pending_request_count")).toBe(1),
    { timeout: 20_000, interval: 1 },
  );
  const followers = Array.from({ length: 8 }, () => slowly());
  // They are there before the first leaves.
  await inference.client.serverLive({});
  leaving.abort();
  const answers = await Promise.all(followers);
  await other;
  expect(await outcome).toBe("cancelled");
  for (const { parameters, rawOutputContents } of answers) {
    expect(["coalesced", "hit"]).toContain(parameters.amaas_cache?.parameterChoice?.value);
    expect(rawOutputContents).toEqual(answers[0]!.rawOutputContents);
  }
  const after = await statisticsOf("slow");
  expect(after.runs - before.runs).toBe(2);
});
