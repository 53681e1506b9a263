import { Version } from "@amaas/proto/amaas/registry/v1/registry";
import { expect, test } from "vitest";
import { submissionFaults } from "./submission.ts";
import { reasonFaults } from "./text.ts";

type Submitted = Parameters<typeof Version.fromPartial>[0];

const digits: Submitted = {
  model: "digits",
  weightsSha256: "0".repeat(64),
  inputs: [{ name: "features", datatype: "FP32", shape: [-1, 784] }],
  outputs: [{ name: "label", datatype: "INT64", shape: [-1] }],
  classes: ["0", "1"],
  metrics: { "validation/accuracy": 0.95, "validation/loss": Number.NaN },
  intervals: [{ metric: "accuracy", split: "test", slice: "Island=Biscoe", value: 1 }],
  lineage: { job: "job_1", spec: { name: "digits", training: { epochs: 3 } } },
};

const faults = (version: Submitted, key = "job_1") =>
  submissionFaults(Version.fromPartial(version), key).map(
    ({ field, description }) => `${field}: ${description}`,
  );

test("a version as training makes it has no fault", () => {
  expect(faults(digits)).toEqual([]);
  expect(faults({ model: "bare" }, "")).toEqual([]);
});

test("all faults are told at once", () => {
  const faulty = faults(
    {
      model: "Digits!",
      weightsSha256: "md5:1",
      inputs: [{ name: "a\0", datatype: "float", shape: [-2] }],
      outputs: Array.from({ length: 1001 }, () => ({ datatype: "FP32" })),
      classes: Array.from({ length: 100_001 }, String),
      metrics: { ["m".repeat(300)]: 1 },
      intervals: [{ metric: "m", split: "t", slice: "\u0007" }],
      lineage: { job: "j".repeat(300), spec: { text: "x".repeat(300_000) } },
    },
    "k".repeat(201),
  );
  expect(faulty).toMatchInlineSnapshot(`
    [
      "idempotency_key: found 201 characters, wanted at most 200",
      "version.model: found "Digits!", wanted 1 to 64 of a-z, 0-9, '.', '_' and '-', with a letter or digit first and last",
      "version.weights_sha256: found "md5:1", wanted 64 lower-case hexadecimal digits",
      "version.inputs[0].name: found "a\\u0000", wanted text without control characters",
      "version.inputs[0].datatype: found "float", wanted a type such as FP32",
      "version.inputs[0].shape: found "[-2]", wanted at most 16 dimensions of -1 (any size) or more",
      "version.outputs: found 1001 tensors, wanted at most 1000",
      "version.classes: found 100001 classes, wanted at most 100000",
      "version.metrics: found 300 characters, wanted at most 256",
      "version.intervals[0].slice: found "\\u0007", wanted text without control characters",
      "version.lineage.job: found 300 characters, wanted at most 256",
      "version.lineage.spec: found 300011 bytes of JSON, wanted at most 131072",
    ]
  `);
});

test("a reason is text of limited length", () => {
  expect(reasonFaults("passed its gate:\n\taccuracy 0.95")).toEqual([]);
  expect(reasonFaults("x".repeat(1001))).toHaveLength(1);
  expect(reasonFaults("bell \u0007")).toHaveLength(1);
});
