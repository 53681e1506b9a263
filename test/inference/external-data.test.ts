/** Models that keep their weights in files beside them, as exporters write large ones. */
import { rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { graphBuilder, writeModelWithData } from "@amaas/graph";
import { ModelRepositoryParameter } from "@amaas/proto/inference/grpc_service";
import { tensor } from "@amaas/tensor";
import { expect, test, vi } from "vitest";
import { folderStage, reasonOf } from "./folder-stage.ts";
import type { InferenceServer } from "./inference-server.ts";

vi.setConfig({ testTimeout: 60_000 });

const stage = folderStage();
const location = "model.onnx.data";

/** y = factor x, over rows of four; the factors are in the data file, with so many numbers more. */
function scalingBeside(factor: number, more = 4): { model: Uint8Array; data: Uint8Array } {
  const g = graphBuilder("scaling");
  const x = g.input("x", "FP32", ["rows", 4]);
  const w = g.initializer("w", tensor("FP32", [4], new Float32Array(4).fill(factor)));
  const ballast = g.initializer("ballast", tensor("FP32", [more], new Float32Array(more)));
  const nothing = g.reduceSum(ballast, [0], { keepdims: true });
  g.output("y", g.add(g.mul(x, w), nothing));
  const { model, data } = writeModelWithData(g.model(), { location, threshold: 1 });
  return { model, data: Buffer.concat(data) };
}

async function put(place: string, { model, data }: ReturnType<typeof scalingBeside>) {
  await stage.folder.put(`${place}/${location}`, data);
  await stage.folder.put(`${place}/model.onnx`, model);
}

const reason = (server: InferenceServer, model: string) =>
  vi.waitFor(async () => {
    const found = await reasonOf(server, model);
    expect(found).not.toBe("");
    return found;
  }, 30_000);

test("are served, small and large, with their examination and their graph kept", async () => {
  await put("small/1", scalingBeside(3));
  await put("large/1", scalingBeside(5, 1_000_000));
  const env = { AMAAS_INFERENCE_CACHE: join(stage.folder.path, ".graphs") };
  const server = await stage.serve("none", env);
  expect(await server.scale("small", 2)).toEqual({ version: "1", y: 6 });
  expect(await server.scale("large", 2)).toEqual({ version: "1", y: 10 });
  expect(await server.metric("amaas_inference_examinations")).toBe(2);
});

test("swap in when nothing but their data has changed", async () => {
  const { model, data } = scalingBeside(3);
  await put("scale/1", { model, data });
  const server = await stage.serve("poll");
  expect((await server.scale("scale", 1)).y).toBe(3);
  await stage.folder.put(`scale/1/${location}`, scalingBeside(4).data);
  await vi.waitFor(async () => expect((await server.scale("scale", 1)).y).toBe(4), 30_000);
  // One that is cut short changes nothing that is served.
  await stage.folder.put(`scale/1/${location}`, data.subarray(0, 10));
  await vi.waitFor(async () => {
    expect(server.log.map(({ error }) => String(error)).join()).toContain(
      `of '${location}', which has 10`,
    );
  }, 30_000);
  expect((await server.scale("scale", 1)).y).toBe(4);
});

test("may come with a request to load them", async () => {
  const { model, data } = scalingBeside(7);
  const bytes = (value: Uint8Array) =>
    ModelRepositoryParameter.create({ parameterChoice: { $case: "bytesParam", value } });
  const config = ModelRepositoryParameter.create({
    parameterChoice: { $case: "stringParam", value: '{"backend": "onnxruntime"}' },
  });
  const server = await stage.serve("explicit");
  const load = (files: Record<string, ModelRepositoryParameter>) =>
    server.client.repositoryModelLoad({ modelName: "sent", parameters: { config, ...files } });
  await load({ "file:1/model.onnx": bytes(model), [`file:1/${location}`]: bytes(data) });
  expect((await server.scale("sent", 2)).y).toBe(14);
  await expect(
    load({ "file:1/model.onnx": bytes(model), "file:1/other": bytes(data) }),
  ).rejects.toMatchObject({
    code: "invalid-argument",
    message: `failed to load 'sent', file:1/${location} was not sent`,
  });
  expect((await server.scale("sent", 2)).y).toBe(14);
});

test("read nothing that is not beside them", async () => {
  const { model, data } = scalingBeside(2);
  const outside = join(stage.folder.path, "..", "secret.data");
  await writeFile(outside, data);
  await put("link/1", { model, data });
  await rename(join(stage.folder.path, "link/1", location), join(stage.folder.path, "link/1/old"));
  await symlink(outside, join(stage.folder.path, "link/1", location));
  await stage.folder.put("missing/1/model.onnx", model);
  await stage.folder.put("gone/1/model.onnx", model);
  await stage.folder.put("gone/1/notes.txt", "no data");
  const renamed = Buffer.from(model);
  renamed.set(Buffer.from("../secret.dataX"), renamed.indexOf(location));
  await put("above/1", { model: renamed, data });
  const server = await stage.serve("none");
  expect(await reason(server, "link")).toContain("leads out of the repository");
  expect(await reason(server, "gone")).toContain(`1/${location} is not there`);
  expect(await reason(server, "missing")).toContain("or weights in a file beside it");
  expect(await reason(server, "above")).toContain("wanted the plain name of a file beside");
});
