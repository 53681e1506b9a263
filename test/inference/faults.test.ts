/** What is wrong with one model, while it and others are asked all the time: its own callers are told, and nobody else notices. */
import { mkdtemp, readdir, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bus, connectBus } from "@amaas/events";
import { graphBuilder, writeModel } from "@amaas/graph";
import { nullTelemetry } from "@amaas/telemetry";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { type RegistryServer, startRegistryServer } from "../registry/registry-server.ts";
import { type InferenceServer, startInferenceServer } from "./inference-server.ts";
import { scaling, slow, wideScaling } from "./models.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

let folder: string;
let bus: Bus;
let registry: RegistryServer;
let inference: InferenceServer;
/** A model name that no other test has. */
let model: string;
let count = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "amaas-faults-"));
  bus = await connectBus({ telemetry: nullTelemetry(), name: "test" });
  registry = await startRegistryServer({ folder, bus });
  const env = { AMAAS_INFERENCE_RUN_LIMIT_SECONDS: "2" };
  inference = await startInferenceServer({ folder, registryAddress: registry.address, env, bus });
  await registry.publish("sound", scaling(2));
  await inference.serves("sound", 1);
});

beforeEach(() => {
  model = `model-${++count}`;
});

afterAll(async () => {
  await inference?.stop();
  await registry?.stop();
  await bus?.close();
  await rm(folder, { recursive: true });
});

async function register(bytes: Uint8Array) {
  const digest = await registry.upload(bytes);
  const { version } = await registry.registry.createVersion({ version: { model, digest } });
  return { version: version!.version, digest };
}

const promote = (version: number) =>
  registry.registry.moveAlias({ model, alias: "champion", version });

const logged = (message: string) =>
  inference.log.filter((line) => line.message === message && line.model === model);

async function reason(): Promise<string | undefined> {
  const { models } = await inference.client.repositoryIndex({});
  return models.findLast(({ name }) => name === model)?.reason;
}

/** Another model is asked all the while; `unharmed` resolves if every answer was right. */
function neighbour() {
  let asking = true;
  let answers = 0;
  const caller = async () => {
    for (let x = 0; asking; x++) {
      expect(await inference.scale("sound", x % 1000)).toEqual({
        version: "1",
        y: (x % 1000) * 2,
      });
      answers++;
    }
  };
  const all = Promise.all([caller(), caller(), caller()]);
  // Told by `unharmed`.
  all.catch(() => {});
  return {
    async unharmed() {
      const before = answers;
      await vi.waitFor(() => expect(answers).toBeGreaterThan(before + 100), 30_000);
      asking = false;
      await all;
    },
  };
}

interface Outcome {
  readonly code: string;
  readonly message: string;
}

const outcomeOf = (call: Promise<unknown>): Promise<Outcome> =>
  call.then(
    () => ({ code: "ok", message: "" }),
    (error: unknown) => {
      if (error instanceof Error && "code" in error)
        return { code: String(error.code), message: error.message };
      throw error;
    },
  );

/** a / b of whole numbers: -2^63 / -1 ends the process that it is in. */
function ratio(): Uint8Array {
  const g = graphBuilder("ratio");
  g.output("y", g.div(g.input("a", "INT64", ["rows"]), g.input("b", "INT64", ["rows"])));
  return writeModel(g.model());
}

/** y = `count` times one more than x. */
function counting(): Uint8Array {
  const g = graphBuilder("counting");
  const times = g.input("b", "INT64", []);
  const x = g.input("a", "INT64", ["rows"]);
  const body = g.subgraph("body", (inner) => {
    inner.input("i", "INT64", []);
    const go = inner.input("go", "BOOL", []);
    const before = inner.input("before", "INT64", ["rows"]);
    inner.output("goes", inner.identity(go));
    inner.output("after", inner.add(before, inner.scalar(1, before)));
  });
  g.output("y", g.node("Loop", [times, undefined, x], { body }));
  return writeModel(g.model());
}

async function whole(a: bigint, b: bigint, shapeOfB: bigint[] = [1n]): Promise<bigint> {
  const { rawOutputContents } = await inference.client.modelInfer(
    {
      modelName: model,
      inputs: [
        { name: "a", datatype: "INT64", shape: [1n] },
        { name: "b", datatype: "INT64", shape: shapeOfB },
      ],
      rawInputContents: [a, b].map((value) => new Uint8Array(BigInt64Array.of(value).buffer)),
    },
    { deadlineMs: 60_000 },
  );
  return new DataView(rawOutputContents[0]!.slice().buffer).getBigInt64(0, true);
}

test("a blob that was cut short is no version: the one before serves on, until it is whole", async () => {
  await inference.serves(model, await registry.publish(model, scaling(1)));
  const bytes = wideScaling(2);
  const { version, digest } = await register(bytes);
  const files = await readdir(join(folder, "blobs"), { recursive: true, withFileTypes: true });
  const blob = files.find(({ name }) => name.length > 60 && digest.endsWith(name));
  await truncate(join(blob!.parentPath, blob!.name), bytes.length >> 1);
  const others = neighbour();
  await promote(version);
  await vi.waitFor(() => expect(logged("version failed to load")).not.toEqual([]), 30_000);
  const failed = { level: "warn", version, stillServed: 1, retryMs: expect.any(Number) };
  expect(logged("version failed to load")[0]).toMatchObject({
    ...failed,
    error: expect.stringMatching(/damaged/),
  });
  expect(await inference.scale(model, 5)).toEqual({ version: "1", y: 5 });
  expect(await reason()).toMatch(/damaged/);

  await registry.upload(bytes);
  await inference.serves(model, version);
  expect(await inference.scale(model, 5)).toEqual({ version: "2", y: 10 });
  await others.unharmed();
});

test("a model that crashes under load is put out of service, and back by another version", async () => {
  await inference.serves(model, await registry.publish(model, ratio()));
  const others = neighbour();
  const outcomes: Outcome[] = [];
  let asking = true;
  const sound = async () => {
    while (asking) outcomes.push(await outcomeOf(whole(6n, 2n).then((y) => expect(y).toBe(3n))));
  };
  const callers = [sound(), sound(), sound()];
  const crashing = async () => {
    const outcome = await outcomeOf(whole(-(2n ** 63n), -1n));
    expect(outcome.code).not.toBe("ok");
    return outcome;
  };
  while ((await crashing()).code !== "not-found");
  asking = false;
  await Promise.all(callers);

  // Those of its own callers who were right were answered, or told what happened, and in no other way.
  expect(outcomes.filter(({ code }) => code === "ok").length).toBeGreaterThan(0);
  for (const { code, message } of outcomes)
    if (code !== "ok") {
      expect(["internal", "unavailable", "not-found"]).toContain(code);
      expect(message).toMatch(/SIGFPE/);
    }
  expect(await reason()).toMatch(/out of service.*SIGFPE/);
  expect(logged("version is out of service")).toMatchObject([{ level: "error", version: 1 }]);
  expect(logged("an instance was lost and is opened again").length).toBe(2);
  expect(inference.health.get(model)).toBe(false);
  expect(inference.ready()).toBe(true);

  await inference.serves(model, await registry.publish(model, scaling(3)));
  expect(await inference.scale(model, 2)).toEqual({ version: "2", y: 6 });
  expect(inference.health.get(model)).toBe(true);
  await others.unharmed();
});

test("a model that hangs holds up nobody else, and goes on when the run is ended", async () => {
  await inference.serves(model, await registry.publish(model, counting()));
  const others = neighbour();
  const hangs = outcomeOf(whole(1n, 10n ** 15n, []));
  const behind = outcomeOf(whole(1n, 2n, []).then((y) => expect(y).toBe(3n)));
  expect(await hangs).toMatchObject({ code: "internal", message: /longer than the 2000 ms/ });
  expect((await behind).code).toMatch(/ok|unavailable/);
  await vi.waitFor(async () => expect(await whole(1n, 4n, [])).toBe(5n), 30_000);
  await others.unharmed();
});

test("a model that takes long to load makes nobody wait, and the server not unready", async () => {
  const others = neighbour();
  const version = await registry.publish(model, slow(3_000));
  await vi.waitFor(async () => {
    const { models } = await inference.client.repositoryIndex({});
    expect(models.find(({ name }) => name === model)?.state).toBe("LOADING");
  }, 30_000);
  const states = new Set<unknown>();
  const watching = (async () => {
    for (let loading = true; loading; ) {
      loading = !(await inference.client.modelReady({ name: model })).ready;
      states.add(inference.ready());
      states.add((await inference.client.serverReady({})).ready);
    }
  })();
  await expect(inference.scale(model, 1)).rejects.toMatchObject({
    message: expect.stringMatching(/not at ready state/),
  });
  await inference.serves(model, version, 120_000);
  await watching;
  expect(states).toEqual(new Set([true]));
  await others.unharmed();
});
