import { DataType, ModelConfig } from "@amaas/proto/inference/model_config";
import { describe, expect, test } from "vitest";
import type { Signature } from "../request.ts";
import { checkConfig } from "./check.ts";
import { completeConfig } from "./complete.ts";
import { configFromJson, configFromText } from "./forms.ts";
import { chosenVersions } from "./version-policy.ts";

/** Rows of images to probabilities. */
const classifier: Signature = {
  inputs: [{ name: "data", type: "FP32", shape: ["rows", 3, 224, 224] }],
  outputs: [{ name: "prob", type: "FP32", shape: ["rows", 1000] }],
};

/** One image and no other number of them. */
const single: Signature = {
  inputs: [{ name: "data_0", type: "FP32", shape: [1, 3, 224, 224] }],
  outputs: [{ name: "fc6_1", type: "FP32", shape: [1, 1000, 1, 1] }],
};

const complete = (text: string, signature = classifier) => {
  const config = configFromText(text, "config.pbtxt");
  checkConfig(config, "model");
  return completeConfig("model", config, signature, false);
};

describe("a configuration is completed from the model", () => {
  test("where there is none: batched if the model looks at each row by itself", () => {
    expect(completeConfig("model", undefined, classifier, true)).toMatchObject({
      maxBatchSize: 64,
      schedulingChoice: { $case: "dynamicBatching" },
      input: [{ name: "data", dims: [3n, 224n, 224n], dataType: DataType.TYPE_FP32 }],
      output: [{ name: "prob", dims: [1000n] }],
    });
    expect(completeConfig("model", undefined, single, false)).toMatchObject({
      maxBatchSize: 0,
      schedulingChoice: undefined,
      input: [{ name: "data_0", dims: [1n, 3n, 224n, 224n] }],
    });
  });

  test("where it says how many rows, and nothing of the tensors", () => {
    const { maxBatchSize, input, schedulingChoice } = complete("max_batch_size: 8");
    expect([maxBatchSize, input[0]?.dims, schedulingChoice]).toEqual([
      8,
      [3n, 224n, 224n],
      undefined,
    ]);
  });

  test("where it names tensors without a batch: none is made", () => {
    const text = 'input { name: "data" data_type: TYPE_FP32 dims: [-1, 3, 224, 224] }';
    const { maxBatchSize, output, schedulingChoice } = complete(text);
    expect([maxBatchSize, output[0]?.dims]).toEqual([0, [-1n, 1000n]]);
    expect(schedulingChoice).toBeUndefined();
  });

  test("what it says stays as it is", () => {
    const text = `
      platform: "onnxruntime_onnx" max_batch_size: 0
      input [ { name: "data_0" data_type: TYPE_FP32 format: FORMAT_NCHW dims: [1, 3, 224, 224] } ]
      output [ { name: "fc6_1" data_type: TYPE_FP32 dims: [1, 1000, 1, 1] label_filename: "labels.txt" } ]
      instance_group [ { count: 3 }, { kind: KIND_GPU gpus: [ 0 ] } ]
      parameters { key: "intra_op_thread_count" value: { string_value: "2" } }
      response_cache { enable: true }
      model_warmup { name: "zeros" batch_size: 1 inputs { key: "data_0" value { zero_data: true } } }
      optimization { graph { level: 1 } execution_accelerators { cpu_execution_accelerator { name: "openvino" } } }`;
    expect(complete(text, single)).toMatchObject({
      input: [{ format: 2 }],
      output: [{ labelFilename: "labels.txt" }],
      instanceGroup: [
        { name: "model", count: 3, kind: 2 },
        { name: "model_1", count: 1, kind: 2, gpus: [] },
      ],
      parameters: { intra_op_thread_count: { stringValue: "2" } },
      responseCache: { enable: true },
      modelWarmup: [{ name: "zeros" }],
    });
  });

  test.each([
    ["max_batch_size: 4", single, "the model takes 1 rows of 'data_0' and no other number"],
    ['input { name: "date" }', classifier, "input 'date' is none of the model's: 'data'"],
    [
      'output { name: "prob" dims: [1000] }',
      classifier,
      "has dims [1000]; the model has [-1,1000]",
    ],
    [
      'output { name: "prob" data_type: TYPE_FP16 }',
      classifier,
      "TYPE_FP16; the model has TYPE_FP32",
    ],
  ])("%s is refused", (text, signature, message) => {
    expect(() => complete(text, signature)).toThrow(message);
  });
});

test.each([
  ["max_batch_size: -1", "wanted at least 0"],
  ['backend: "python"', "backend is 'python'; wanted 'onnxruntime'"],
  ["ensemble_scheduling { step { } }", "ensemble_scheduling is not implemented"],
  ["model_transaction_policy { decoupled: true }", "decoupled is not implemented"],
  ['input { name: "data" reshape { shape: [] } }', "reshape is not implemented"],
  ['model_operations { op_library_filename: "/tmp/evil.so" }', "a model's code is not run"],
  ['default_model_filename: "/etc/passwd"', "wanted the name of a file"],
  ['default_model_filename: ".."', "wanted the name of a file"],
  ["instance_group { count: 100000 }", "counts 100000 instances; wanted at most 256"],
  ["instance_group { count: 200 } instance_group { count: 200 }", "counts 400 instances"],
  ["instance_group { count: -1 }", "no count below 0"],
  ["dynamic_batching { priority_levels: 1001 }", "priority_levels is 1001; wanted at most 1000"],
  ["max_batch_size: 4 dynamic_batching { preferred_batch_size: 8 }", "preferred_batch_size 8"],
  ["dynamic_batching { default_priority_level: 1 }", "wanted at most priority_levels 0"],
  [
    "dynamic_batching { priority_levels: 2 priority_queue_policy { key: 3 value {} } }",
    "priority_queue_policy has level 3",
  ],
])("%s asks for what cannot be done", (text, message) => {
  expect(() => complete(text)).toThrow(message);
});

test("JSON has names in either case, and long numbers as text or number", () => {
  const one = configFromJson(
    '{"max_batch_size":"8","dynamic_batching":{"max_queue_delay_microseconds":"100"},"input":[{"name":"x","data_type":"TYPE_FP32","dims":["-1",4]}]}',
  );
  const other = configFromJson(
    '{"maxBatchSize":8,"dynamicBatching":{"maxQueueDelayMicroseconds":100},"input":[{"name":"x","dataType":11,"dims":[-1,"4"]}]}',
  );
  expect(one).toEqual(other);
  expect(one.schedulingChoice).toMatchObject({ value: { maxQueueDelayMicroseconds: 100n } });
  for (const text of ["", "[]", "{", '{"nmae":""}', '{"max_batch_size":1e20}', "x".repeat(2 ** 21)])
    expect(() => configFromJson(text)).toThrow(
      expect.objectContaining({ code: "invalid-argument" }),
    );
});

test("versions are chosen in ascending order", () => {
  const policy = (text: string) => configFromText(`version_policy { ${text} }`, "").versionPolicy;
  expect(chosenVersions(undefined, [3, 10, 2])).toEqual([10]);
  expect(chosenVersions(policy("latest { num_versions: 2 }"), [3, 10, 2])).toEqual([3, 10]);
  expect(chosenVersions(policy("latest { num_versions: 9 }"), [3, 10, 2])).toEqual([2, 3, 10]);
  expect(chosenVersions(policy("all {}"), [3, 10, 2])).toEqual([2, 3, 10]);
  expect(chosenVersions(policy("specific { versions: [10, 4] }"), [3, 10, 2])).toEqual([10]);
  expect(chosenVersions(ModelConfig.create().versionPolicy, [])).toEqual([]);
});
