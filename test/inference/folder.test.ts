/** Models of a folder, over real sockets: what is served of it in each mode, and what is refused. */
import { symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ModelRepositoryParameter } from "@amaas/proto/inference/grpc_service";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type InferenceServer, startInferenceServer } from "./inference-server.ts";
import { type ModelFolder, modelFolder } from "./model-folder.ts";
import { echo, scaling, slow } from "./models.ts";

let folder: ModelFolder;
let server: InferenceServer | undefined;

beforeEach(async () => {
  folder = await modelFolder();
});

afterEach(async () => {
  await server?.stop();
  server = undefined;
  await folder.close();
});

async function serve(mode: "none" | "poll" | "explicit", env: Record<string, string> = {}) {
  server = await startInferenceServer({
    env: {
      AMAAS_MODEL_REPOSITORY: folder.path,
      AMAAS_MODEL_CONTROL_MODE: mode,
      AMAAS_REPOSITORY_POLL_SECONDS: "1",
      ...env,
    },
  });
  await vi.waitFor(() => expect(server?.ready()).toBe(true), 20_000);
  return server;
}

const text = (value: string) =>
  ModelRepositoryParameter.create({ parameterChoice: { $case: "stringParam", value } });
const bytes = (value: Uint8Array) =>
  ModelRepositoryParameter.create({ parameterChoice: { $case: "bytesParam", value } });

async function indexOf({ client }: InferenceServer) {
  const { models } = await client.repositoryIndex({});
  return models.map(({ name, version, state }) => `${name} ${version} ${state}`.trim());
}

async function reasonOf({ client }: InferenceServer, model: string) {
  const { models } = await client.repositoryIndex({});
  return models.find(({ name }) => name === model)?.reason;
}

describe("what lies in a folder", () => {
  test("is served as it is: the highest version, loose files as version 1", async () => {
    await folder.put("scale/1/model.onnx", scaling(1));
    await folder.put("scale/3/model.onnx", scaling(3));
    await folder.put("scale/03/model.onnx", scaling(9));
    await folder.put("scale/notes/readme.txt", "none of ours");
    await folder.put("other/2/weights.onnx", scaling(2));
    await folder.put("other/config.pbtxt", 'default_model_filename: "weights.onnx"');
    await folder.put("loose.onnx", scaling(7));
    await folder.put("docs/readme.txt", "no model");
    await folder.put(".git/1/model.onnx", scaling(1));
    const { client, ...inference } = await serve("none");
    expect(await inference.scale("scale", 2)).toEqual({ version: "3", y: 6 });
    expect(await inference.scale("other", 2)).toEqual({ version: "2", y: 4 });
    expect(await inference.scale("loose", 2)).toEqual({ version: "1", y: 14 });
    expect(await indexOf({ client, ...inference })).toEqual([
      "loose 1 READY",
      "other 2 READY",
      "scale 3 READY",
    ]);
    expect(inference.health.get("scale")).toBe(true);
    await expect(client.repositoryModelLoad({ modelName: "scale" })).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("explicit model load / unload is not allowed"),
    });
  });

  test("is one file, if it is one", async () => {
    await folder.put("half.onnx", scaling(0.5));
    await folder.put("other.onnx", scaling(2));
    const inference = await serve("none", {
      AMAAS_MODEL_REPOSITORY: join(folder.path, "half.onnx"),
    });
    expect(await indexOf(inference)).toEqual(["half 1 READY"]);
    expect(await inference.scale("half", 4)).toEqual({ version: "1", y: 2 });
  });

  test("tells its configuration, completed from the model", async () => {
    await folder.put("scale/1/model.onnx", scaling(1));
    await folder.put("stated/1/model.onnx", scaling(1));
    await folder.put(
      "stated/config.pbtxt",
      `max_batch_size: 8 # rows
       input [ { name: "x" data_type: TYPE_FP32 dims: [ 4 ] } ]
       instance_group [ { count: 2 kind: KIND_GPU } ]
       dynamic_batching { preferred_batch_size: [ 4, 8 ] }`,
    );
    await folder.put("echo/1/model.onnx", echo());
    await folder.put(
      "echo/config.pbtxt",
      'input { name: "flag_in" data_type: TYPE_BOOL dims: -1 }',
    );
    const { client } = await serve("none");
    const config = async (name: string) => (await client.modelConfig({ name })).config;
    expect(await config("scale")).toMatchObject({
      name: "scale",
      platform: "onnxruntime_onnx",
      backend: "onnxruntime",
      maxBatchSize: 64,
      versionPolicy: { policyChoice: { $case: "latest", value: { numVersions: 1 } } },
      input: [{ name: "x", dataType: 11, dims: [4n] }],
      output: [
        { name: "y", dataType: 11, dims: [4n] },
        { name: "negative", dataType: 11, dims: [4n] },
      ],
      instanceGroup: [{ name: "scale", count: 1, kind: 2 }],
      defaultModelFilename: "model.onnx",
      schedulingChoice: { $case: "dynamicBatching" },
    });
    expect(await config("stated")).toMatchObject({
      maxBatchSize: 8,
      input: [{ dims: [4n] }],
      output: [{ name: "y", dims: [4n] }, { name: "negative" }],
      instanceGroup: [{ name: "stated", count: 2, kind: 2 }],
      schedulingChoice: { value: { preferredBatchSize: [4, 8] } },
    });
    expect(await config("echo")).toMatchObject({
      maxBatchSize: 0,
      input: [
        { name: "text_in", dataType: 13, dims: [-1n, 1n] },
        { name: "count_in", dataType: 9, dims: [-1n] },
        { name: "flag_in", dataType: 1, dims: [-1n] },
      ],
      schedulingChoice: undefined,
    });
  });
});

describe("a version policy", () => {
  const versions = async (policy: string) => {
    for (const version of [1, 2, 5, 10])
      await folder.put(`scale/${version}/model.onnx`, scaling(version));
    await folder.put("scale/config.pbtxt", `version_policy { ${policy} }`);
    const inference = await serve("none");
    const { versions: answering } = await inference.client.modelMetadata({ name: "scale" });
    return { answering, unnamed: (await inference.scale("scale", 1)).version };
  };

  test.each([
    ["latest { num_versions: 2 }", ["5", "10"]],
    ["latest { }", ["10"]],
    ["all { }", ["1", "2", "5", "10"]],
    ["specific { versions: [2, 1, 4] }", ["1", "2"]],
  ])("%s", async (policy, wanted) => {
    const { answering, unnamed } = await versions(policy);
    expect(answering).toEqual(wanted);
    expect(unnamed).toBe(wanted.at(-1));
  });

  test("lets versions answer side by side, each by its number", async () => {
    await versions("all {}");
    const ask = async (modelVersion: string) => {
      const x = { name: "x", datatype: "FP32", shape: [1n, 4n] };
      const raw = new Uint8Array(new Float32Array(4).fill(1).buffer);
      const request = { modelName: "scale", modelVersion, inputs: [x], rawInputContents: [raw] };
      const { rawOutputContents, ...answer } = await server!.client.modelInfer(request);
      const [y] = rawOutputContents;
      return [answer.modelVersion, new DataView(y!.buffer, y!.byteOffset).getFloat32(0, true)];
    };
    expect(await Promise.all(["5", "1", "10", ""].map(ask))).toEqual([
      ["5", 5],
      ["1", 1],
      ["10", 10],
      ["10", 10],
    ]);
    await expect(ask("3")).rejects.toMatchObject({
      code: "not-found",
      message: expect.stringContaining("version '3' is not found; versions 1, 2, 5, 10 are served"),
    });
  });

  test("that leaves nothing is told", async () => {
    await folder.put("scale/1/model.onnx", scaling(1));
    await folder.put("scale/config.pbtxt", "version_policy { specific { versions: 4 } }");
    const inference = await serve("none");
    const wanted =
      "at least one version must be available under the version policy of model 'scale'";
    expect(await reasonOf(inference, "scale")).toContain(wanted);
    await expect(inference.scale("scale", 1)).rejects.toMatchObject({
      code: "not-found",
      message: expect.stringContaining("has no available versions"),
    });
  });
});

describe("what cannot be served harms nothing else, and says why", () => {
  const faults: readonly [what: string, config: string, reason: string][] = [
    ["a misspelt field", "max_batchsize: 8", 'config.pbtxt:1:1: found "max_batchsize"'],
    ["another platform", 'platform: "tensorrt_plan"', "platform is 'tensorrt_plan'"],
    ["another name", 'name: "other"', "directory name must equal model name"],
    ["sequences", "sequence_batching { }", "sequence_batching is not implemented"],
    [
      "a file elsewhere",
      'default_model_filename: "../../2/model.onnx"',
      "wanted the name of a file",
    ],
    ["a file that is not there", 'default_model_filename: "m.onnx"', "1/m.onnx is not there"],
    ["a type", 'input { name: "x" data_type: TYPE_INT8 dims: 4 }', "has data_type TYPE_INT8"],
    [
      "dims",
      'max_batch_size: 2 input { name: "x" data_type: TYPE_FP32 dims: 5 }',
      "has dims [-1,5]",
    ],
    ["an input", 'input { name: "z" data_type: TYPE_FP32 dims: 4 }', "'z' is none of the model's"],
  ];
  test("configurations", async () => {
    for (const [index, [, config]] of faults.entries()) {
      await folder.put(`faulty-${index}/1/model.onnx`, scaling(1));
      await folder.put(`faulty-${index}/config.pbtxt`, config);
    }
    await folder.put("good/1/model.onnx", scaling(2));
    const inference = await serve("none");
    const { models } = await inference.client.repositoryIndex({});
    for (const [index, [what, , reason]] of faults.entries()) {
      const found = models.find(({ name }) => name === `faulty-${index}`);
      expect(found?.state, what).toBe("UNAVAILABLE");
      expect(found?.reason, what).toContain(reason);
    }
    expect(await inference.scale("good", 2)).toEqual({ version: "1", y: 4 });
    const ready = await inference.client.repositoryIndex({ ready: true });
    expect(ready.models.map(({ name }) => name)).toEqual(["good"]);
  });

  test("links that lead out, names that are none, files that are no models", async () => {
    const outside = await modelFolder();
    try {
      await outside.put("secret/1/model.onnx", scaling(66));
      await folder.put("linked/2/readme.txt", "");
      await symlink(join(outside.path, "secret"), join(folder.path, "secret"));
      await symlink(
        join(outside.path, "secret/1/model.onnx"),
        join(folder.path, "linked/2/model.onnx"),
      );
      await symlink(join(outside.path, "secret/1/model.onnx"), join(folder.path, "stray.onnx"));
      await folder.put("inner/1/model.onnx", scaling(3));
      await symlink(join(folder.path, "inner"), join(folder.path, "alias"));
      await folder.put("bad name;/1/model.onnx", scaling(1));
      await folder.put("folder/1/model.onnx/inside", "x");
      await folder.put("text/1/model.onnx", "this is no model");
      const inference = await serve("none");
      expect(await reasonOf(inference, "secret")).toContain("leads out of the repository");
      expect(await reasonOf(inference, "linked")).toContain("leads out of the repository");
      expect(await reasonOf(inference, "stray")).toContain("leads out of the repository");
      expect(await reasonOf(inference, "bad name;")).toContain("is no model's name");
      expect(await reasonOf(inference, "folder")).toContain("is no regular file");
      expect(await reasonOf(inference, "text")).toContain("the model is refused");
      expect(await inference.scale("alias", 2)).toEqual({ version: "1", y: 6 });
      expect(inference.ready()).toBe(true);
    } finally {
      await outside.close();
    }
  });
});

describe("polling", () => {
  test("swaps versions under load without a failed request", async () => {
    await folder.put("scale/1/model.onnx", scaling(1));
    const inference = await serve("poll");
    let asking = true;
    const seen = new Set<string>();
    const failures: unknown[] = [];
    const caller = async () => {
      while (asking) {
        try {
          const { version, y } = await inference.scale("scale", 1);
          seen.add(`${version}: ${y}`);
        } catch (error) {
          failures.push(error);
        }
      }
    };
    const callers = [caller(), caller(), caller()];
    const sees = (answer: string) =>
      vi.waitFor(() => expect([...seen].at(-1)).toBe(answer), { timeout: 30_000, interval: 50 });
    await sees("1: 1");
    await folder.put("scale/2/model.onnx", scaling(2));
    await sees("2: 2");
    await folder.put("scale/2/model.onnx", scaling(20));
    await sees("2: 20");
    await folder.put("scale/3/model.onnx", "no model at all");
    await vi.waitFor(async () => {
      expect(await reasonOf(inference, "scale")).toBe("");
      const { models } = await inference.client.repositoryIndex({});
      expect(models.find(({ version }) => version === "3")?.state).toBe("UNAVAILABLE");
    }, 30_000);
    await folder.put("scale/3/model.onnx", scaling(3));
    await sees("3: 3");
    await folder.remove("scale/3");
    await vi.waitFor(async () => {
      expect((await inference.scale("scale", 1)).version).toBe("2");
    }, 30_000);
    asking = false;
    await Promise.all(callers);
    expect(failures).toEqual([]);
    expect(new Set(seen)).toEqual(new Set(["1: 1", "2: 2", "2: 20", "3: 3"]));
  });

  test("takes models that come, lets go of those that leave, and keeps a broken one's last state", async () => {
    await folder.put("first/1/model.onnx", scaling(1));
    const inference = await serve("poll");
    await folder.put("second/1/model.onnx", scaling(2));
    await inference.serves("second", 1, 30_000);
    await folder.put("first/config.pbtxt", "max_batch_size: eight");
    await vi.waitFor(async () => {
      expect(await reasonOf(inference, "first")).toContain('found "eight", wanted a whole number');
    }, 30_000);
    expect(inference.log).toContainEqual(
      expect.objectContaining({ level: "warn", model: "first", message: expect.any(String) }),
    );
    await folder.remove("second");
    await vi.waitFor(
      async () => expect(await indexOf(inference)).toEqual(["first 1 READY"]),
      30_000,
    );
    await expect(inference.scale("second", 1)).rejects.toMatchObject({ code: "not-found" });
    expect(await inference.scale("first", 1)).toEqual({ version: "1", y: 1 });
    await folder.put("first/config.pbtxt", "max_batch_size: 2");
    await vi.waitFor(async () => {
      const { config } = await inference.client.modelConfig({ name: "first" });
      expect(config?.maxBatchSize).toBe(2);
    }, 30_000);
  });

  test("leaves a file alone that is still being copied", async () => {
    await folder.put("scale/1/model.onnx", scaling(1));
    const inference = await serve("poll");
    const model = slow(8);
    await folder.put("scale/2/readme.txt", "to come");
    const path = join(folder.path, "scale/2/model.onnx");
    for (let end = 0; end < model.length; end += Math.ceil(model.length / 12)) {
      await writeFile(path, model.subarray(0, end));
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    await writeFile(path, model);
    await inference.serves("scale", 2, 30_000);
    const tried = inference.log.filter(
      ({ message, version }) => message === "version failed to load" && version === 2,
    );
    expect(tried.every(({ error }) => String(error).includes("is not there"))).toBe(true);
  });
});

describe("explicit control", () => {
  const load = (modelName: string, parameters: Record<string, ModelRepositoryParameter> = {}) =>
    server!.client.repositoryModelLoad({ modelName, parameters });

  test("serves what it is told to, and nothing else", async () => {
    await folder.put("one/1/model.onnx", scaling(1));
    await folder.put("two/1/model.onnx", scaling(2));
    await folder.put("three/1/model.onnx", scaling(3));
    const inference = await serve("explicit", { AMAAS_LOAD_MODELS: "three, missing" });
    expect(await indexOf(inference)).toEqual([
      "missing  UNAVAILABLE",
      "one",
      "three 1 READY",
      "two",
    ]);
    expect(await load("one")).toEqual({ modelName: "one", isLoaded: true });
    expect(await inference.scale("one", 2)).toEqual({ version: "1", y: 2 });
    // KServe's clients put the name into field 1.
    const { client } = inference;
    expect(await client.repositoryModelLoad({ repositoryName: "two" })).toMatchObject({
      modelName: "two",
    });
    expect(await inference.scale("two", 2)).toEqual({ version: "1", y: 4 });
    expect(await client.repositoryModelUnload({ modelName: "one" })).toMatchObject({
      isUnloaded: true,
    });
    await expect(inference.scale("one", 2)).rejects.toMatchObject({ code: "not-found" });
    await vi.waitFor(async () => expect(await reasonOf(inference, "one")).toBe("unloaded"));
    expect(await indexOf(inference)).toContain("one 1 UNAVAILABLE");
    await client.repositoryModelUnload({ modelName: "never-heard-of" });
    await load("one");
    expect(await inference.scale("one", 2)).toEqual({ version: "1", y: 2 });
  });

  test("loads again what has changed, at once", async () => {
    await folder.put("scale/1/model.onnx", scaling(1));
    const inference = await serve("explicit", { AMAAS_LOAD_MODELS: "*" });
    await folder.put("scale/1/model.onnx", scaling(5));
    await folder.put("scale/2/model.onnx", scaling(6));
    await folder.put("scale/config.pbtxt", "version_policy { all {} }");
    expect(await inference.scale("scale", 1)).toEqual({ version: "1", y: 1 });
    await load("scale");
    expect(await inference.scale("scale", 1)).toEqual({ version: "2", y: 6 });
    expect((await inference.client.modelMetadata({ name: "scale" })).versions).toEqual(["1", "2"]);
  });

  test("takes a configuration and files with the request", async () => {
    await folder.put("scale/1/model.onnx", scaling(1));
    await folder.put("scale/2/model.onnx", scaling(2));
    const inference = await serve("explicit", { AMAAS_LOAD_MODELS: "scale" });
    const { client } = inference;
    const versions = async (name: string) => (await client.modelMetadata({ name })).versions;
    await load("scale", { config: text('{"max_batch_size":"16"}') });
    expect((await client.modelConfig({ name: "scale" })).config?.maxBatchSize).toBe(16);
    await load("scale", { config: text('{"versionPolicy":{"specific":{"versions":["1"]}}}') });
    expect(await versions("scale")).toEqual(["1"]);
    await load("scale");
    expect(await versions("scale")).toEqual(["2"]);

    const files = { "file:7/model.onnx": bytes(scaling(7)) };
    await load("sent", { config: text('{"backend":"onnxruntime"}'), ...files });
    expect(await inference.scale("sent", 1)).toEqual({ version: "7", y: 7 });
    await expect(load("scale", files)).rejects.toMatchObject({
      code: "internal",
      message: expect.stringContaining(
        "failed to load 'scale', failed to poll from model repository",
      ),
    });
    expect(await inference.scale("scale", 1)).toEqual({ version: "2", y: 2 });
  });

  test("refuses what cannot be loaded, and goes on with what it has", async () => {
    await folder.put("scale/1/model.onnx", scaling(1));
    await folder.put("broken/1/model.onnx", "no model");
    const inference = await serve("explicit", { AMAAS_LOAD_MODELS: "scale" });
    const config = text("{}");
    const refusals: readonly [string, Record<string, ModelRepositoryParameter>, string, string][] =
      [
        [
          "missing",
          {},
          "internal",
          "failed to load 'missing', failed to poll from model repository",
        ],
        ["../scale", {}, "internal", "failed to poll from model repository"],
        [
          "../scale",
          { config, "file:1/model.onnx": bytes(scaling(1)) },
          "invalid-argument",
          "no model's name",
        ],
        [
          "broken",
          {},
          "invalid-argument",
          "failed to load 'broken', version 1: the model is refused",
        ],
        ["scale", { config: text("{]") }, "invalid-argument", "failed to load 'scale', "],
        ["scale", { config: text('{"max_batch":1}') }, "invalid-argument", "max_batch"],
        [
          "scale",
          { config: text('{"max_batch_size":-1}') },
          "invalid-argument",
          "wanted at least 0",
        ],
        [
          "scale",
          { config: text('{"input":[{"name":"z"}]}') },
          "invalid-argument",
          "none of the model's",
        ],
        ["scale", { config: bytes(new Uint8Array(1)) }, "invalid-argument", "wanted string_param"],
        [
          "scale",
          { config, "file:1/../../x": bytes(new Uint8Array(1)) },
          "internal",
          "Invalid file path",
        ],
        [
          "scale",
          { config, [`file:${"A".repeat(256)}`]: bytes(new Uint8Array(1)) },
          "internal",
          "Invalid file path",
        ],
        [
          "scale",
          { config, "file:1/model.onnx": bytes(new Uint8Array(9)) },
          "invalid-argument",
          "the model is refused",
        ],
        [
          "scale",
          { config, "file:1/other.onnx": bytes(scaling(3)) },
          "invalid-argument",
          "at least one version",
        ],
        ["scale", { surprise: text("x") }, "invalid-argument", "unrecognized load parameter"],
        ["scale", { version: text("1") }, "invalid-argument", "for a registry's models"],
        ["", {}, "invalid-argument", "model_name is empty"],
      ];
    for (const [model, parameters, code, message] of refusals) {
      await expect(load(model, parameters), message).rejects.toMatchObject({
        code,
        message: expect.stringContaining(message),
      });
      expect(await inference.scale("scale", 3), message).toEqual({ version: "1", y: 3 });
    }
    await folder.put("broken/1/model.onnx", scaling(4));
    await load("broken");
    expect(await inference.scale("broken", 1)).toEqual({ version: "1", y: 4 });
  });

  test("answers the requests that a model has when it is unloaded", async () => {
    await folder.put("slow/1/model.onnx", slow(300));
    const inference = await serve("explicit", { AMAAS_LOAD_MODELS: "slow" });
    const x = { name: "x", datatype: "FP32", shape: [100n, 512n] };
    const request = { modelName: "slow", inputs: [x], rawInputContents: [new Uint8Array(204_800)] };
    const answers = Promise.all([1, 2, 3].map(() => inference.client.modelInfer(request)));
    await vi.waitFor(async () =>
      expect(await inference.metric("nv_inference_pending_request_count")).toBeGreaterThan(0),
    );
    await inference.client.repositoryModelUnload({ modelName: "slow" });
    expect(await indexOf(inference)).toEqual(["slow 1 UNLOADING"]);
    expect(await answers).toHaveLength(3);
    await vi.waitFor(async () => expect(await indexOf(inference)).toEqual(["slow 1 UNAVAILABLE"]));
  });
});
