/** Models that hang, crash or take all memory: they are refused or put out of service, and no other notices. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type GraphBuilder, graphBuilder, writeModel } from "@amaas/graph";
import { tensor } from "@amaas/tensor";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type RegistryServer, startRegistryServer } from "../registry/registry-server.ts";
import { firstOf, type InferenceServer, startInferenceServer } from "./inference-server.ts";
import { scaling, slow } from "./models.ts";

// Starting a process takes its time on a busy machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let folder: string;
let registry: RegistryServer;
let inference: InferenceServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "amaas-hostile-"));
  registry = await startRegistryServer({ folder });
  await registry.publish("scaling", scaling(2));
  inference = await start();
  await inference.serves("scaling", 1);
});

afterAll(async () => {
  await inference?.stop();
  await registry?.stop();
  await rm(folder, { recursive: true });
});

function start(): Promise<InferenceServer> {
  const env = { AMAAS_INFERENCE_RUN_LIMIT_SECONDS: "2", AMAAS_POLL_SECONDS: "1" };
  return startInferenceServer({ folder, registryAddress: registry.address, env });
}

function model(make: (g: GraphBuilder) => void): Uint8Array {
  const g = graphBuilder("hostile");
  make(g);
  return writeModel(g.model());
}

/** y = x and `count` times one more. */
const counting = (count: (g: GraphBuilder) => ReturnType<GraphBuilder["neg"]>) =>
  model((g) => {
    const x = g.input("x", "FP32", ["rows", 1]);
    const body = g.subgraph("body", (b) => {
      b.input("i", "INT64", []);
      const go = b.input("go", "BOOL", []);
      const before = b.input("before", "FP32", ["rows", 1]);
      b.output("goes", b.identity(go));
      b.output("after", b.add(before, b.scalar(1, before)));
    });
    g.output("y", g.node("Loop", [count(g), undefined, x], { body }));
  });

const int64 = (...values: bigint[]) => ({
  datatype: "INT64",
  bytes: new Uint8Array(BigInt64Array.from(values).buffer),
});
const float = (value: number) => ({
  datatype: "FP32",
  bytes: new Uint8Array(Float32Array.of(value).buffer),
});

interface Input {
  readonly name: string;
  readonly shape: bigint[];
  readonly of: { readonly datatype: string; readonly bytes: Uint8Array };
}

function ask(modelName: string, ...inputs: Input[]) {
  return inference.client.modelInfer(
    {
      modelName,
      inputs: inputs.map(({ name, shape, of: { datatype } }) => ({ name, datatype, shape })),
      rawInputContents: inputs.map(({ of: { bytes } }) => bytes),
    },
    { deadlineMs: 60_000 },
  );
}

const othersAnswer = async () => expect((await inference.scale("scaling", 3)).y).toBe(6);
const logged = (message: string, model: string) =>
  inference.log.find((line) => line.message === message && line.model === model);

test("a version that takes all memory is refused with its reason; the one before serves on", async () => {
  await registry.publish("greedy", scaling(5));
  await inference.serves("greedy", 1);
  const greedy = model((g) => {
    const size = g.initializer("size", tensor("INT64", [1], BigInt64Array.of(2n ** 31n)));
    const zeros = g.node("ConstantOfShape", [size]);
    g.output("y", g.add(g.input("x", "FP32", ["rows", 1]), g.reduceMean(zeros)));
  });
  await registry.publish("greedy", greedy);
  await vi.waitFor(() => expect(logged("version failed to load", "greedy")).toBeDefined(), 60_000);
  expect(logged("version failed to load", "greedy")).toMatchObject({
    error: expect.stringMatching(/the model is refused: .*MiB of memory/),
    stillServed: 1,
  });
  expect((await inference.scale("greedy", 3)).y).toBe(15);
  await othersAnswer();
  await registry.publish("greedy", scaling(7));
  await inference.serves("greedy", 3);
});

test("a request that never ends is ended, and the next one is answered", async () => {
  await registry.publish(
    "counting",
    counting((g) => g.input("count", "INT64", [])),
  );
  await inference.serves("counting", 1);
  const count = (times: bigint) =>
    ask(
      "counting",
      { name: "x", shape: [1n, 1n], of: float(1) },
      { name: "count", shape: [], of: int64(times) },
    );
  const hangs = count(10n ** 15n);
  const ended = expect(hangs).rejects.toMatchObject({ message: /longer than the 2000 ms/ });
  await othersAnswer();
  await ended;
  const answer = await count(4n);
  expect(firstOf(answer)).toBe(5);
  expect(logged("an instance was lost and is opened again", "counting")).toBeDefined();
});

test("a model that ends its process time and again is out of service until there is another version", async () => {
  await registry.publish(
    "ratio",
    model((g) =>
      g.output("y", g.div(g.input("a", "INT64", ["rows"]), g.input("b", "INT64", ["rows"]))),
    ),
  );
  await inference.serves("ratio", 1);
  const divide = (a: bigint, b: bigint) =>
    ask(
      "ratio",
      { name: "a", shape: [1n], of: int64(a) },
      { name: "b", shape: [1n], of: int64(b) },
    );
  const crashing = () => divide(-(2n ** 63n), -1n);
  for (let crash = 0; crash < 3; crash++)
    await expect(crashing()).rejects.toMatchObject({ code: "internal", message: /SIGFPE/ });
  await vi.waitFor(() => expect(inference.health.get("ratio")).toBe(false), 10_000);
  await expect(divide(6n, 2n)).rejects.toMatchObject({ message: /out of service.*SIGFPE/ });
  expect(logged("version is out of service", "ratio")).toBeDefined();
  await othersAnswer();

  await registry.publish("ratio", scaling(3));
  await inference.serves("ratio", 2);
  expect((await inference.scale("ratio", 2)).y).toBe(6);
});

test("what was examined once is not examined at the next start, and a damaged graph is made again", async () => {
  await registry.publish("large", slow());
  await inference.serves("large", 1);
  await inference.stop();
  const graphs = join(folder, "graphs");
  const files = (await readdir(graphs, { recursive: true })).filter((name) =>
    name.endsWith(".bin"),
  );
  expect(files).toHaveLength(1);
  const path = join(graphs, files[0]!);
  const damaged = await readFile(path);
  damaged[damaged.length >> 1]! ^= 1;
  await writeFile(path, damaged);

  inference = await start();
  await inference.serves("large", 1);
  await inference.serves("scaling", 1);
  await othersAnswer();
  // Others may be between their examination and the line about their load.
  await vi.waitFor(
    async () =>
      expect(await inference.metric("amaas_inference_examinations_total")).toBe(
        inference.log.filter(({ message }) => message === "version loaded").length +
          inference.log.filter(({ message }) => message === "version failed to load").length,
      ),
    10_000,
  );
  expect(await readdir(graphs, { recursive: true })).not.toContain(files[0]);
});
