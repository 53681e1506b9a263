/** Classes with names: `label_filename` of an output, from the model's folder. */
import { symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { InferParameter, ModelRepositoryParameter } from "@amaas/proto/inference/grpc_service";
import { expect, test, vi } from "vitest";
import { folderStage, reasonOf } from "./folder-stage.ts";
import type { InferenceServer } from "./inference-server.ts";
import { scaling } from "./models.ts";

vi.setConfig({ testTimeout: 60_000 });

const stage = folderStage();

const config = (file: string) => `
  max_batch_size: 8
  input { name: "x" data_type: TYPE_FP32 dims: [ 4 ] }
  output { name: "y" data_type: TYPE_FP32 dims: [ 4 ] label_filename: "${file}" }
  output { name: "negative" data_type: TYPE_FP32 dims: [ 4 ] }`;

/** The two largest of 3, 1, 4, 2. */
async function classes({ client }: InferenceServer, output: string): Promise<string[]> {
  const parameters = {
    classification: InferParameter.create({
      parameterChoice: { $case: "int64Param", value: 2n },
    }),
  };
  const response = await client.modelInfer({
    modelName: "named",
    inputs: [{ name: "x", datatype: "FP32", shape: [1n, 4n] }],
    outputs: [{ name: output, parameters }],
    rawInputContents: [new Uint8Array(Float32Array.of(3, 1, 4, 2).buffer)],
  });
  const [raw] = response.rawOutputContents;
  const texts: string[] = [];
  for (let at = 0; raw && at < raw.byteLength; ) {
    const length = new DataView(raw.buffer, raw.byteOffset).getUint32(at, true);
    texts.push(Buffer.from(raw.subarray(at + 4, at + 4 + length)).toString());
    at += 4 + length;
  }
  return texts;
}

test("classes have the names that the file has, and follow it when it changes", async () => {
  await stage.folder.put("named/1/model.onnx", scaling(1));
  await stage.folder.put("named/config.pbtxt", config("labels.txt"));
  await stage.folder.put("named/labels.txt", "setosa\nversicolor\r\nvirginica\n");
  const server = await stage.serve("poll");
  expect(await classes(server, "y")).toEqual(["4.000000:2:virginica", "3.000000:0:setosa"]);
  expect(await classes(server, "negative")).toEqual(["-1.000000:1", "-2.000000:3"]);
  await stage.folder.put("named/labels.txt", "größer\n\nkleiner");
  await vi.waitFor(async () => {
    expect(await classes(server, "y")).toEqual(["4.000000:2:kleiner", "3.000000:0:größer"]);
  }, 30_000);
});

test("a file that cannot be read keeps the model from being served, and says why", async () => {
  const outside = join(stage.folder.path, "..", "secret.txt");
  await writeFile(outside, "secret");
  const put = async (model: string, file: string, contents?: string | Uint8Array) => {
    await stage.folder.put(`${model}/1/model.onnx`, scaling(1));
    await stage.folder.put(`${model}/config.pbtxt`, config(file));
    if (contents !== undefined) await stage.folder.put(`${model}/${file}`, contents);
  };
  await put("missing", "labels.txt");
  await put("above", "../secret.txt");
  await put("huge", "labels.txt", new Uint8Array(2 ** 20 + 1).fill(0x61));
  await put("binary", "labels.txt", Uint8Array.of(0xff, 0xfe));
  await put("link", "labels.txt");
  await symlink(outside, join(stage.folder.path, "link", "labels.txt"));
  const server = await stage.serve("none");
  const reasons = { missing: "is not in the model's folder", above: "wanted the name of a file" };
  const more = { huge: "wanted at most 1048576", binary: "is no UTF-8 text" };
  for (const [model, why] of Object.entries({ ...reasons, ...more, link: "leads out of" }))
    expect(await reasonOf(server, model)).toContain(why);
});

test("a configuration that comes with files has no folder to find labels in", async () => {
  await stage.folder.put("named/labels.txt", "one\ntwo");
  const text = (value: string) =>
    ModelRepositoryParameter.create({ parameterChoice: { $case: "stringParam", value } });
  const file = ModelRepositoryParameter.create({
    parameterChoice: { $case: "bytesParam", value: scaling(1) },
  });
  const output = [{ name: "y", data_type: "TYPE_FP32", dims: [4], label_filename: "labels.txt" }];
  const server = await stage.serve("explicit");
  const parameters = { config: text(JSON.stringify({ output })), "file:1/model.onnx": file };
  await expect(
    server.client.repositoryModelLoad({ modelName: "named", parameters }),
  ).rejects.toMatchObject({
    code: "invalid-argument",
    message: expect.stringContaining("'labels.txt' is not in the model's folder"),
  });
});
