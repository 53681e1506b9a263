/** Models of a folder that are loaded and unloaded as requests say. */
import { ModelRepositoryParameter } from "@amaas/proto/inference/grpc_service";
import { expect, test, vi } from "vitest";
import { folderStage, indexOf, reasonOf } from "./folder-stage.ts";
import type { InferenceServer } from "./inference-server.ts";
import { scaling, slow } from "./models.ts";

const stage = folderStage();
const patience = { timeout: 20_000, interval: 1 };

type Parameters = Record<string, ModelRepositoryParameter>;

const text = (value: string) =>
  ModelRepositoryParameter.create({ parameterChoice: { $case: "stringParam", value } });
const bytes = (value: Uint8Array) =>
  ModelRepositoryParameter.create({ parameterChoice: { $case: "bytesParam", value } });

/** A server in mode explicit, and a way to have it load a model. */
async function start(models = "") {
  const inference: InferenceServer = await stage.serve("explicit", { AMAAS_LOAD_MODELS: models });
  const load = (modelName: string, parameters: Parameters = {}) =>
    inference.client.repositoryModelLoad({ modelName, parameters });
  return { inference, load };
}

test("serves what it is told to, and nothing else", async () => {
  await stage.folder.put("one/1/model.onnx", scaling(1));
  await stage.folder.put("two/1/model.onnx", scaling(2));
  await stage.folder.put("three/1/model.onnx", scaling(3));
  const { inference, load } = await start("three, missing");
  expect(await indexOf(inference)).toEqual(["missing  UNAVAILABLE", "one", "three 1 READY", "two"]);
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
  await vi.waitFor(async () => expect(await reasonOf(inference, "one")).toBe("unloaded"), patience);
  expect(await indexOf(inference)).toContain("one 1 UNAVAILABLE");
  await client.repositoryModelUnload({ modelName: "never-heard-of" });
  await load("one");
  expect(await inference.scale("one", 2)).toEqual({ version: "1", y: 2 });
});

test("loads again what has changed, at once", async () => {
  await stage.folder.put("scale/1/model.onnx", scaling(1));
  const { inference, load } = await start("*");
  await stage.folder.put("scale/1/model.onnx", scaling(5));
  await stage.folder.put("scale/2/model.onnx", scaling(6));
  await stage.folder.put("scale/config.pbtxt", "version_policy { all {} }");
  expect(await inference.scale("scale", 1)).toEqual({ version: "1", y: 1 });
  await load("scale");
  expect(await inference.scale("scale", 1)).toEqual({ version: "2", y: 6 });
  expect((await inference.client.modelMetadata({ name: "scale" })).versions).toEqual(["1", "2"]);
});

test("takes a configuration and files with the request", async () => {
  await stage.folder.put("scale/1/model.onnx", scaling(1));
  await stage.folder.put("scale/2/model.onnx", scaling(2));
  const { inference, load } = await start("scale");
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
  await stage.folder.put("scale/1/model.onnx", scaling(1));
  await stage.folder.put("broken/1/model.onnx", "no model");
  const { inference, load } = await start("scale");
  const config = text("{}");
  const refusals: readonly [string, Parameters, string, string][] = [
    ["missing", {}, "internal", "failed to load 'missing', failed to poll from model repository"],
    ["../scale", {}, "internal", "failed to poll from model repository"],
    [
      "../scale",
      { config, "file:1/model.onnx": bytes(scaling(1)) },
      "invalid-argument",
      "no model's name",
    ],
    ["broken", {}, "invalid-argument", "failed to load 'broken', version 1: the model is refused"],
    ["scale", { config: text("{]") }, "invalid-argument", "failed to load 'scale', "],
    ["scale", { config: text('{"max_batch":1}') }, "invalid-argument", "max_batch"],
    ["scale", { config: text('{"max_batch_size":-1}') }, "invalid-argument", "wanted at least 0"],
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
  await stage.folder.put("broken/1/model.onnx", scaling(4));
  await load("broken");
  expect(await inference.scale("broken", 1)).toEqual({ version: "1", y: 4 });
});

test("answers the requests that a model has when it is unloaded", async () => {
  await stage.folder.put("slow/1/model.onnx", slow(300));
  const { inference } = await start("slow");
  const x = { name: "x", datatype: "FP32", shape: [100n, 512n] };
  const request = { modelName: "slow", inputs: [x], rawInputContents: [new Uint8Array(204_800)] };
  const answers = Promise.all([1, 2, 3].map(() => inference.client.modelInfer(request)));
  await vi.waitFor(
    async () =>
      expect(await inference.metric("nv_inference_pending_request_count")).toBeGreaterThan(0),
    patience,
  );
  await inference.client.repositoryModelUnload({ modelName: "slow" });
  expect(await indexOf(inference)).toEqual(["slow 1 UNLOADING"]);
  expect(await answers).toHaveLength(3);
  await vi.waitFor(
    async () => expect(await indexOf(inference)).toEqual(["slow 1 UNAVAILABLE"]),
    patience,
  );
});
