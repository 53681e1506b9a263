/** Models of a folder, over real sockets: what is served of it, and what is refused. */
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { folderStage, indexOf, reasonOf } from "./folder-stage.ts";
import { firstOf, row } from "./inference-server.ts";
import { modelFolder } from "./model-folder.ts";
import { echo, scaling } from "./models.ts";

const stage = folderStage();

describe("what lies in a folder", () => {
  test("is served as it is: the highest version, loose files as version 1", async () => {
    await stage.folder.put("scale/1/model.onnx", scaling(1));
    await stage.folder.put("scale/3/model.onnx", scaling(3));
    await stage.folder.put("scale/03/model.onnx", scaling(9));
    await stage.folder.put("scale/notes/readme.txt", "none of ours");
    await stage.folder.put("other/2/weights.onnx", scaling(2));
    await stage.folder.put("other/config.pbtxt", 'default_model_filename: "weights.onnx"');
    await stage.folder.put("loose.onnx", scaling(7));
    await stage.folder.put("docs/readme.txt", "no model");
    await stage.folder.put(".git/1/model.onnx", scaling(1));
    const { client, ...inference } = await stage.serve("none");
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
    await stage.folder.put("half.onnx", scaling(0.5));
    await stage.folder.put("other.onnx", scaling(2));
    const inference = await stage.serve("none", {
      AMAAS_MODEL_REPOSITORY: join(stage.folder.path, "half.onnx"),
    });
    expect(await indexOf(inference)).toEqual(["half 1 READY"]);
    expect(await inference.scale("half", 4)).toEqual({ version: "1", y: 2 });
  });

  test("tells its configuration, completed from the model", async () => {
    await stage.folder.put("scale/1/model.onnx", scaling(1));
    await stage.folder.put("stated/1/model.onnx", scaling(1));
    await stage.folder.put(
      "stated/config.pbtxt",
      `max_batch_size: 8 # rows
       input [ { name: "x" data_type: TYPE_FP32 dims: [ 4 ] } ]
       instance_group [ { count: 2 kind: KIND_GPU } ]
       dynamic_batching { preferred_batch_size: [ 4, 8 ] }`,
    );
    await stage.folder.put("echo/1/model.onnx", echo());
    await stage.folder.put(
      "echo/config.pbtxt",
      'input { name: "flag_in" data_type: TYPE_BOOL dims: -1 }',
    );
    const { client } = await stage.serve("none");
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
      await stage.folder.put(`scale/${version}/model.onnx`, scaling(version));
    await stage.folder.put("scale/config.pbtxt", `version_policy { ${policy} }`);
    const inference = await stage.serve("none");
    const { versions: answering } = await inference.client.modelMetadata({ name: "scale" });
    return { inference, answering, unnamed: (await inference.scale("scale", 1)).version };
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
    const { inference } = await versions("all {}");
    const ask = async (modelVersion: string) => {
      const answer = await inference.client.modelInfer({ ...row("scale", 1), modelVersion });
      return [answer.modelVersion, firstOf(answer)];
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
    await stage.folder.put("scale/1/model.onnx", scaling(1));
    await stage.folder.put("scale/config.pbtxt", "version_policy { specific { versions: 4 } }");
    const inference = await stage.serve("none");
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
      await stage.folder.put(`faulty-${index}/1/model.onnx`, scaling(1));
      await stage.folder.put(`faulty-${index}/config.pbtxt`, config);
    }
    await stage.folder.put("good/1/model.onnx", scaling(2));
    const inference = await stage.serve("none");
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
      await stage.folder.put("linked/2/readme.txt", "");
      await symlink(join(outside.path, "secret"), join(stage.folder.path, "secret"));
      await symlink(
        join(outside.path, "secret/1/model.onnx"),
        join(stage.folder.path, "linked/2/model.onnx"),
      );
      await symlink(
        join(outside.path, "secret/1/model.onnx"),
        join(stage.folder.path, "stray.onnx"),
      );
      await stage.folder.put("inner/1/model.onnx", scaling(3));
      await symlink(join(stage.folder.path, "inner"), join(stage.folder.path, "alias"));
      await stage.folder.put("bad name;/1/model.onnx", scaling(1));
      await stage.folder.put("folder/1/model.onnx/inside", "x");
      await stage.folder.put("text/1/model.onnx", "this is no model");
      const inference = await stage.serve("none");
      expect(await reasonOf(inference, "secret")).toContain("leads out of the repository");
      expect(await reasonOf(inference, "linked")).toContain("leads out of the repository");
      expect(await reasonOf(inference, "stray")).toContain("leads out of the repository");
      expect(await reasonOf(inference, "bad name;")).toContain("is no model's name");
      expect(await reasonOf(inference, "folder")).toContain("is no regular file");
      expect(await reasonOf(inference, "text")).toContain("the model is refused");
      // Where the repository is, is nobody's business.
      const { models } = await inference.client.repositoryIndex({});
      const told = models.map(({ reason }) => reason).join();
      expect(told).toContain("linked/2/model.onnx");
      expect(told).not.toContain(stage.folder.path);
      expect(await inference.scale("alias", 2)).toEqual({ version: "1", y: 6 });
      expect(inference.ready()).toBe(true);
    } finally {
      await outside.close();
    }
  });
});
