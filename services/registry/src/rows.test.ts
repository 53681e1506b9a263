import { Version } from "@amaas/proto/amaas/registry/v1/registry";
import { expect, test } from "vitest";
import { versionOf, versionRow } from "./rows.ts";

test("a version comes back from its row as it was, diverged metrics included", () => {
  const version = Version.fromPartial({
    model: "digits",
    version: 3,
    digest: `sha256:${"ab".repeat(32)}`,
    bytes: 2 ** 33,
    weightsSha256: "cd".repeat(32),
    inputs: [{ name: "features", datatype: "FP32", shape: [-1, 784] }],
    outputs: [{ name: "label", datatype: "BYTES", shape: [-1] }],
    classes: ["Adélie", "Gentoo\n"],
    metrics: {
      "test/accuracy": 0.1 + 0.2,
      "test/loss": Number.NaN,
      "test/mse": Number.POSITIVE_INFINITY,
    },
    lineage: { job: "job_1", datasetDigest: "d", spec: { a: [1, null, { b: "c" }] }, traceId: "t" },
    createdAt: new Date(1_760_000_000_123),
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    evaluation: `sha256:${"ef".repeat(32)}`,
    intervals: [
      { metric: "accuracy", split: "test", value: 0.1 + 0.2, low: 0.25, high: 0.5 },
      {
        metric: "loss",
        split: "test",
        slice: "Island=Biscoe",
        value: Number.NaN,
        low: Number.NEGATIVE_INFINITY,
        high: Number.POSITIVE_INFINITY,
      },
    ],
  });
  expect(versionOf(versionRow(version, "key"))).toEqual(version);
});

test("an empty version comes back empty; no idempotency key is no key", () => {
  const version = Version.fromPartial({ model: "m", createdAt: new Date(0) });
  const row = versionRow(version, "");
  expect(row.idempotency_key).toBeNull();
  expect(versionOf(row)).toEqual(version);
});
