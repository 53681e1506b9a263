/** A disk that is full: of the cache, it costs time and nothing else; of the models, the version before serves on. */
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { canMount, type SmallDisk, smallDisk } from "../servers/small-disk.ts";
import { type InferenceServer, startInferenceServer } from "./inference-server.ts";
import { type ModelFolder, modelFolder } from "./model-folder.ts";
import { wideScaling } from "./models.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

describe.skipIf(!canMount())("a full disk", () => {
  let models: ModelFolder;
  let disk: SmallDisk;
  let server: InferenceServer | undefined;

  beforeEach(async () => {
    models = await modelFolder();
  });

  afterEach(async () => {
    await server?.stop();
    server = undefined;
    await models.close();
    disk.remove();
  });

  async function serve(env: Record<string, string>): Promise<InferenceServer> {
    server = await startInferenceServer({
      env: {
        AMAAS_MODEL_REPOSITORY: models.path,
        AMAAS_MODEL_CONTROL_MODE: "poll",
        AMAAS_REPOSITORY_POLL_SECONDS: "1",
        AMAAS_INFERENCE_CACHE: join(models.path, "../graphs"),
        ...env,
      },
    });
    return server;
  }

  const logged = (message: string) => server?.log.filter((line) => line.message === message) ?? [];

  async function expectAnswers(inference: InferenceServer, version: number) {
    await inference.serves("wide", version);
    expect(await inference.scale("wide", 3)).toEqual({ version: String(version), y: 3 * version });
  }

  test("of the cache: models are served all the same, and kept once there is room", async () => {
    disk = smallDisk(24);
    disk.fill();
    await models.put("wide/1/model.onnx", wideScaling(1));
    const inference = await serve({ AMAAS_INFERENCE_CACHE: join(disk.folder, "graphs") });
    await expectAnswers(inference, 1);
    const troubled = "the cache of graphs cannot be used; models are examined at every start";
    expect(logged(troubled)).toMatchObject([{ level: "warn", error: expect.any(String) }]);
    await models.put("wide/2/model.onnx", wideScaling(2));
    await expectAnswers(inference, 2);
    expect(logged(troubled)).toHaveLength(1);

    disk.empty();
    await models.put("wide/3/model.onnx", wideScaling(3));
    await expectAnswers(inference, 3);
    const kept = await readdir(join(disk.folder, "graphs"), { recursive: true });
    const files = kept.filter((name) => name.includes("/")).map((name) => basename(name));
    expect(files.sort()).toEqual(["graph.onnx", "verdict.json", "weights.bin"]);
    expect(logged("onnxruntime's rewriting of the model is left out")).toEqual([]);
  });

  test("of the cache, in the middle of a graph: nothing half written stays, or is missed", async () => {
    disk = smallDisk(3);
    await models.put("wide/1/model.onnx", wideScaling(1));
    const inference = await serve({ AMAAS_INFERENCE_CACHE: join(disk.folder, "graphs") });
    await expectAnswers(inference, 1);
    expect(logged("onnxruntime's rewriting of the model is left out")).toEqual([]);
    const left = await readdir(join(disk.folder, "graphs"), { recursive: true });
    expect(left.filter((name) => /\.(tmp|onnx|bin)$/.test(name))).toEqual([]);
  });

  test("of a repository: a copy that is cut short leaves the version before, until it is whole", async () => {
    disk = smallDisk(10);
    const copy = async (version: number) => {
      await mkdir(join(disk.folder, `wide/${version}`), { recursive: true });
      await writeFile(join(disk.folder, `wide/${version}/model.onnx`), wideScaling(version));
    };
    await copy(1);
    const inference = await serve({ AMAAS_MODEL_REPOSITORY: disk.folder });
    await expectAnswers(inference, 1);
    disk.fill();
    await expect(copy(2)).rejects.toMatchObject({ code: "ENOSPC" });
    await vi.waitFor(
      () =>
        expect(logged("version failed to load")).toContainEqual(
          expect.objectContaining({ model: "wide", version: 2, stillServed: 1 }),
        ),
      30_000,
    );
    expect(await inference.scale("wide", 3)).toEqual({ version: "1", y: 3 });
    const { models: index } = await inference.client.repositoryIndex({});
    expect(index).toMatchObject([
      { version: "1", state: "READY" },
      { version: "2", state: "UNAVAILABLE", reason: expect.stringMatching(/./) },
    ]);

    disk.empty();
    await copy(2);
    await expectAnswers(inference, 2);
  });
});
