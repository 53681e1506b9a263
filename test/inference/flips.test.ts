/** A hundred new versions under load: nobody is refused, nobody is answered by another than is said, nothing stays behind. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type Bus, connectBus } from "@amaas/events";
import { nullTelemetry } from "@amaas/telemetry";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { type RegistryServer, startRegistryServer } from "../registry/registry-server.ts";
import { type InferenceServer, startInferenceServer } from "./inference-server.ts";
import { modelFolder } from "./model-folder.ts";
import { scaling, wideScaling } from "./models.ts";

const flips = 100;
/** Of this process, which is server and callers. Eighty versions that had stayed would hold 320 of weights alone, and their threads two thousand. */
const grownMiB = 200;
const timeout = 300_000;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

let folder: string;
let bus: Bus;
let registry: RegistryServer;
let inference: InferenceServer | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "amaas-flips-"));
  bus = await connectBus({ telemetry: nullTelemetry(), name: "test" });
  registry = await startRegistryServer({ folder, bus });
});

afterEach(async () => {
  await inference?.stop();
  inference = undefined;
});

afterAll(async () => {
  await registry?.stop();
  await bus?.close();
  await rm(folder, { recursive: true });
});

/** Asks without a pause, each caller one of the models; every answer is checked. */
function load(server: InferenceServer, models: readonly string[], callers: number) {
  const failures: unknown[] = [];
  const wrong: string[] = [];
  const seen = new Map(models.map((model) => [model, new Set<string>()]));
  let answers = 0;
  let asking = true;
  const caller = async (model: string) => {
    for (let x = 1; asking; x = (x % 1000) + 1)
      try {
        const { version, y } = await server.scale(model, x);
        answers++;
        seen.get(model)?.add(version);
        if (y !== x * Number(version)) wrong.push(`${model} ${version}: ${x} gave ${y}`);
      } catch (error) {
        failures.push(error);
      }
  };
  const all = Array.from({ length: callers }, (_, at) => caller(models[at % models.length]!));
  return {
    failures,
    wrong,
    seen,
    answers: () => answers,
    async stop() {
      asking = false;
      await Promise.all(all);
    },
  };
}

type Load = ReturnType<typeof load>;

/** Until so many more requests have been answered. */
async function more({ answers }: Load, count: number): Promise<void> {
  const before = answers();
  await vi.waitFor(() => expect(answers() - before).toBeGreaterThanOrEqual(count), {
    timeout: 30_000,
    interval: 5,
  });
}

const residentMiB = () => {
  collect();
  return process.memoryUsage.rss() / 2 ** 20;
};

const closed = ({ log }: InferenceServer) =>
  log.filter(({ message }) => message === "version closed").length;

/** All old versions are gone, and the memory of most flips is used again. */
async function expectNothingLeft(server: InferenceServer, memory: readonly number[]) {
  await vi.waitFor(() => expect(closed(server)).toBe(flips), { timeout: 30_000 });
  const [early, late] = memory as [number, number];
  expect(late - early).toBeLessThan(grownMiB);
}

test("an alias moves a hundred times", { timeout }, async () => {
  const { address } = registry;
  inference = await startInferenceServer({ folder, registryAddress: address, bus });
  const versions = 5;
  for (let factor = 1; factor <= versions; factor++) {
    await registry.register("scale", wideScaling(factor));
  }
  const promote = async (version: number) => {
    await registry.registry.moveAlias({ model: "scale", alias: "champion", version });
    await inference?.serves("scale", version);
  };
  await promote(versions);
  const asking = load(inference, ["scale"], 6);
  const memory: number[] = [];
  for (let flip = 1; flip <= flips; flip++) {
    await promote(1 + (flip % versions));
    await more(asking, 20);
    if (flip === 20 || flip === flips) memory.push(residentMiB());
  }
  await asking.stop();
  expect(asking.failures).toEqual([]);
  expect(asking.wrong).toEqual([]);
  expect(asking.seen.get("scale")?.size).toBe(versions);
  await expectNothingLeft(inference, memory);
});

test("ten models of a folder get ten versions each", { timeout }, async () => {
  const repository = await modelFolder();
  try {
    const models = Array.from({ length: 10 }, (_, at) => `scale-${at}`);
    const put = (version: number) =>
      Promise.all(
        models.map((model) => repository.put(`${model}/${version}/model.onnx`, scaling(version))),
      );
    await put(1);
    const server = await startInferenceServer({
      env: {
        AMAAS_MODEL_REPOSITORY: repository.path,
        AMAAS_MODEL_CONTROL_MODE: "poll",
        AMAAS_REPOSITORY_POLL_SECONDS: "1",
        AMAAS_INFERENCE_CACHE: `${folder}/graphs`,
      },
    });
    inference = server;
    await Promise.all(models.map((model) => server.serves(model, 1)));
    const asking = load(server, models, models.length);
    const memory: number[] = [];
    const versions = 1 + flips / models.length;
    for (let version = 2; version <= versions; version++) {
      await put(version);
      await Promise.all(models.map((model) => server.serves(model, version)));
      await more(asking, 200);
      if (version === 3 || version === versions) memory.push(residentMiB());
    }
    await asking.stop();
    expect(asking.failures).toEqual([]);
    expect(asking.wrong).toEqual([]);
    for (const seen of asking.seen.values()) expect(seen.size).toBe(versions);
    await expectNothingLeft(server, memory);
  } finally {
    await inference?.stop();
    inference = undefined;
    await repository.close();
  }
});
