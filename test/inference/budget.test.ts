/** More models than memory has room for, over real sockets: loaded when they are asked for, unloaded for others. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { folderStage, indexOf, reasonOf } from "./folder-stage.ts";
import { type InferenceServer, row } from "./inference-server.ts";
import { scaling, slow } from "./models.ts";

const stage = folderStage();

/** Some twenty of these models fit into it, or one that has a thread of its own. */
const small = { AMAAS_INFERENCE_MEMORY_MIB: "1" };
const one = { AMAAS_INFERENCE_MEMORY_MIB: "40" };
const count = 60;

const factorOf = (number: number) => number + 1;
const nameOf = (number: number) => `m${String(number).padStart(2, "0")}`;

async function putAll(): Promise<void> {
  for (let number = 0; number < count; number++)
    await stage.folder.put(`${nameOf(number)}/1/model.onnx`, scaling(factorOf(number)));
}

const demanded = ({ metric }: InferenceServer) =>
  metric('amaas_inference_residence_loads_total{occasion="demand",outcome="loaded"}');

async function unloaded({ client }: InferenceServer): Promise<string[]> {
  const { models } = await client.repositoryIndex({});
  return models.flatMap(({ name, reason }) => (reason === "unloaded" ? [name] : []));
}

describe("more small models than fit", () => {
  test("are all answered, rightly, whoever asks for which", async () => {
    await putAll();
    const inference = await stage.serve("none", small);
    const { client, metric, scale, health } = inference;
    expect(new Set(await indexOf(inference))).toEqual(
      new Set(Array.from({ length: count }, (_, number) => `${nameOf(number)} 1 READY`)),
    );
    expect([...health.values()]).toEqual(Array.from({ length: count }, () => true));

    let asked = 0;
    const caller = async (seed: number) => {
      for (let turn = 0; turn < 150; turn++) {
        // Strides without a common divisor: every caller asks for every model, in an order of its own.
        const number = (turn * [7, 11, 13, 17, 19, 23, 29, 31][seed]! + seed) % count;
        const answer = await scale(nameOf(number), turn);
        expect(answer).toEqual({ version: "1", y: Math.fround(turn * factorOf(number)) });
        asked++;
      }
    };
    await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map(caller));

    const evictions = await metric('amaas_inference_evictions_total{reason="room"}');
    expect(evictions).toBeGreaterThan(count);
    expect(await demanded(inference)).toBeGreaterThanOrEqual(evictions);
    const budget = await metric("amaas_inference_memory_budget_bytes");
    expect(budget).toBe(2 ** 20);
    expect(await metric("amaas_inference_memory_used_bytes")).toBeLessThanOrEqual(budget);
    expect(await metric("amaas_inference_models_in_memory")).toBeLessThan(count);

    // What has happened to a version outlives its being unloaded.
    const { modelStats } = await client.modelStatistics({});
    expect(modelStats).toHaveLength(count);
    expect(modelStats.reduce((sum, { inferenceCount }) => sum + Number(inferenceCount), 0)).toBe(
      asked,
    );
    expect(await metric("nv_inference_request_failure")).toBe(0);
  });

  test("tell what they are without being loaded, and one load serves all who wait", async () => {
    await putAll();
    const inference = await stage.serve("none", small);
    const { client, metric, scale } = inference;
    const [name] = (await unloaded(inference)).slice(-1);
    // As many as have room are loaded in the background.
    await vi.waitFor(
      async () => expect(await metric("amaas_inference_memory_used_bytes")).toBeGreaterThan(9e5),
      { timeout: 20_000 },
    );
    expect(await client.modelReady({ name: name! })).toEqual({ ready: true });
    const { inputs } = await client.modelMetadata({ name: name! });
    expect(inputs).toEqual([{ name: "x", datatype: "FP32", shape: [-1n, 4n] }]);
    const { config } = await client.modelConfig({ name: name! });
    expect(config).toMatchObject({ name, maxBatchSize: 64 });
    const [told] = (await client.modelStatistics({ name: name! })).modelStats;
    expect(told!.memoryUsage).toEqual([{ type: "CPU", id: 0n, byteSize: 0n }]);
    expect(await demanded(inference)).toBe(0);

    const answers = await Promise.all(Array.from({ length: 20 }, () => scale(name!, 1)));
    expect(answers.every(({ y }) => y === factorOf(Number(name!.slice(1))))).toBe(true);
    expect(await demanded(inference)).toBe(1);
    expect(await unloaded(inference)).not.toContain(name);
  });

  test("are loaded by request, and a load that fails is told and tried again", async () => {
    await putAll();
    const graphs = join(stage.folder.path, "../graphs");
    const inference = await stage.serve("explicit", {
      ...small,
      AMAAS_LOAD_MODELS: "*",
      AMAAS_INFERENCE_CACHE: graphs,
    });
    const { client, scale } = inference;
    const [first, broken] = (await unloaded(inference)).slice(-2);
    await client.repositoryModelLoad({ modelName: first! });
    expect(await unloaded(inference)).not.toContain(first);

    await stage.folder.remove(`${broken}/1/model.onnx`);
    await rm(graphs, { recursive: true });
    for (const attempt of [1, 2])
      await expect(scale(broken!, attempt)).rejects.toMatchObject({
        code: "unavailable",
        message: expect.stringMatching(/could not be loaded when it was asked for: ENOENT/),
        retryAfterMs: expect.any(Number),
      });
    // Tried once: the second was told what had kept the first.
    expect(
      await inference.metric(
        'amaas_inference_residence_loads_total{occasion="demand",outcome="failed"}',
      ),
    ).toBe(1);
    expect(await scale(first!, 1)).toMatchObject({ y: factorOf(Number(first!.slice(1))) });

    const number = Number(broken!.slice(1));
    await stage.folder.put(`${broken}/1/model.onnx`, scaling(factorOf(number)));
    await client.repositoryModelLoad({ modelName: broken! });
    expect(await scale(broken!, 2)).toEqual({ version: "1", y: 2 * factorOf(number) });

    await client.repositoryModelUnload({ modelName: first! });
    await expect(scale(first!, 1)).rejects.toMatchObject({ code: "not-found" });
  });
});

describe("a model that takes much of it", () => {
  test("is refused where it could never fit, with what it takes; the others are served", async () => {
    await stage.folder.put("giant/1/model.onnx", slow());
    await stage.folder.put("tiny/1/model.onnx", scaling(2));
    const inference = await stage.serve("none", small);
    expect(await reasonOf(inference, "giant")).toMatch(
      /takes about \d{7,8} bytes of memory; all models together may take 1048576/,
    );
    expect(await inference.client.modelReady({ name: "giant" })).toEqual({ ready: false });
    expect(await inference.scale("tiny", 2)).toEqual({ version: "1", y: 4 });
  });

  test("waits for the one before to be left alone; who cannot wait for it is told", async () => {
    await stage.folder.put("first/1/model.onnx", slow(1000));
    await stage.folder.put("second/1/model.onnx", slow(999));
    const inference = await stage.serve("none", one);
    const { client, metric } = inference;
    const ask = (modelName: string, options?: Parameters<typeof client.modelInfer>[1]) =>
      client.modelInfer(
        {
          modelName,
          inputs: [{ name: "x", datatype: "FP32", shape: [64n, 512n] }],
          rawInputContents: [new Uint8Array(4 * 64 * 512)],
        },
        options,
      );
    await ask("first");
    const busy = Array.from({ length: 4 }, () => ask("first"));
    await vi.waitFor(
      async () =>
        expect(await metric('nv_inference_pending_request_count{model="first",version="1"}')).toBe(
          3,
        ),
      { timeout: 20_000 },
    );
    const leaves = new AbortController();
    const left = ask("second", { signal: leaves.signal });
    const late = ask("second", { deadlineMs: 50 });
    const patient = ask("second");
    await expect(late).rejects.toMatchObject({ code: "deadline-exceeded" });
    leaves.abort();
    await expect(left).rejects.toMatchObject({ code: "cancelled" });
    expect((await Promise.all(busy)).every(({ modelName }) => modelName === "first")).toBe(true);
    expect(await patient).toMatchObject({ modelName: "second" });
    expect(await unloaded(inference)).toEqual(["first"]);
    expect(await metric("amaas_inference_models_in_memory")).toBe(1);
  });

  test("and is in memory takes requests from one version to the next, none of which waits for a load", async () => {
    await stage.folder.put("scale/1/model.onnx", scaling(1));
    const inference = await stage.serve("poll", small);
    const { scale, metric } = inference;
    await scale("scale", 1);
    const before = await demanded(inference);
    let versions = new Set<string>();
    const until = async (version: string) => {
      while (!versions.has(version)) versions.add((await scale("scale", 1)).version);
    };
    await stage.folder.put("scale/2/model.onnx", scaling(2));
    await until("2");
    versions = new Set();
    await stage.folder.put("scale/3/model.onnx", scaling(3));
    await until("3");
    expect(await demanded(inference)).toBe(before);
    expect(
      await metric('amaas_inference_residence_loads_total{occasion="order",outcome="loaded"}'),
    ).toBe(2);
    expect(await scale("scale", 2)).toEqual({ version: "3", y: 6 });
    expect(await metric("nv_inference_request_failure")).toBe(0);
  });
});

test("rows are wanted as ever, loaded or not", async () => {
  await putAll();
  const inference = await stage.serve("none", small);
  const [name] = (await unloaded(inference)).slice(-1);
  const wrong = { ...row(name!, 1), rawInputContents: [new Uint8Array(3)] };
  await expect(inference.client.modelInfer(wrong)).rejects.toMatchObject({
    code: "invalid-argument",
  });
  expect(await demanded(inference)).toBe(0);
});
