/** Models of a folder are loaded, listed, described and unloaded over REST, as Triton's HTTP clients do it. */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type InferenceServer, startInferenceServer } from "./inference-server.ts";
import { type ModelFolder, modelFolder } from "./model-folder.ts";
import { scaling } from "./models.ts";
import { type Rest, restClient } from "./rest-client.ts";

let folder: ModelFolder;
let server: InferenceServer;
let ask: Rest;

beforeAll(async () => {
  folder = await modelFolder();
  await folder.put("scale/1/model.onnx", scaling(2));
  server = await startInferenceServer({
    env: { AMAAS_MODEL_REPOSITORY: folder.path, AMAAS_MODEL_CONTROL_MODE: "explicit" },
  });
  await vi.waitFor(() => expect(server.ready()).toBe(true), 20_000);
  ask = restClient(server.rest);
});

afterAll(async () => {
  await server?.stop();
  await folder?.close();
});

const load = (model: string, parameters = {}) =>
  ask(`/v2/repository/models/${model}/load`, { body: { parameters } });
const index = async (body?: object) =>
  (await ask("/v2/repository/index", { method: "POST", ...(body ? { body } : {}) })).json();
const scale = async () => {
  const x = { name: "x", datatype: "FP32", shape: [1, 4], data: [1, 2, 3, 4] };
  const answer = await ask("/v2/models/scale/infer", { body: { inputs: [x] } });
  return answer.status === 200 ? answer.json().outputs[0].data : answer.status;
};

test("a model's life", async () => {
  expect(await index({ ready: true })).toEqual([]);
  expect(await scale()).toBe(404);

  const loaded = await load("scale");
  expect([loaded.status, loaded.bytes.byteLength]).toEqual([200, 0]);
  expect(await index({ ready: true })).toEqual([
    { name: "scale", version: "1", state: "READY", reason: "" },
  ]);
  expect(await scale()).toEqual([2, 4, 6, 8]);
  const config = (await ask("/v2/models/scale/config")).json();
  expect(config).toMatchObject({ name: "scale", input: [{ name: "x", data_type: "TYPE_FP32" }] });
  expect((await ask("/v2/models/scale/versions/1/config")).json()).toEqual(config);

  const override = JSON.stringify({ max_batch_size: 7 });
  expect((await load("scale", { config: override })).status).toBe(200);
  expect((await ask("/v2/models/scale/config")).json().max_batch_size).toBe(7);

  expect((await ask("/v2/repository/models/scale/unload", { method: "POST" })).status).toBe(200);
  expect(await scale()).toBe(404);
});

test("a model may come with the request", async () => {
  const file = Buffer.from(scaling(5)).toString("base64");
  const config = JSON.stringify({ backend: "onnxruntime" });
  const loaded = await load("scale", { config, "file:1/model.onnx": file });
  expect([loaded.status, loaded.bytes.toString()]).toEqual([200, ""]);
  expect(await scale()).toEqual([5, 10, 15, 20]);
});

test("what cannot be loaded, or read, is refused", async () => {
  const missing = await load("nobody");
  expect(missing.status).toBeGreaterThanOrEqual(400);
  expect(missing.json().error).toContain("failed to load 'nobody'");
  expect((await load("scale", { "file:1/model.onnx": "%%%" })).status).toBe(400);
  expect((await load("scale", { config: [] })).status).toBe(400);
  expect((await ask("/v2/repository/index", { body: "[]" })).status).toBe(400);
  expect((await ask("/v2/repository/index", { body: { ready: "yes" } })).status).toBe(400);
});

test("there is one repository, and it has no name", async () => {
  const named = ["index", "models/scale/load", "models/scale/unload"];
  for (const path of named) {
    const answer = await ask(`/v2/repository/mine/${path}`, { method: "POST" });
    expect([answer.status, answer.json().error]).toEqual([
      501,
      expect.stringContaining("'repository_name' specification is not supported: found 'mine'"),
    ]);
  }
  expect((await ask("/v2/repository/mine/nothing", { method: "POST" })).status).toBe(404);
  const both = { repositoryName: "mine", modelName: "scale" };
  const { client } = server;
  const refused = { code: "unimplemented" };
  await expect(client.repositoryModelLoad(both)).rejects.toMatchObject(refused);
  await expect(client.repositoryModelUnload(both)).rejects.toMatchObject(refused);
  await expect(client.repositoryIndex({ repositoryName: "mine" })).rejects.toMatchObject(refused);
});
