/**
 * What CreateVersion takes from outside: every field has a form and a limit, and all faults are
 * told at once. The limits are far above what a real model needs, and a hundred versions of the
 * largest size still fit into one message.
 */
import type { Violation } from "@amaas/errors";
import type { Lineage, Tensor, Version } from "@amaas/proto/amaas/registry/v1/registry";
import { found } from "./errors.ts";
import { modelNameFaults } from "./names.ts";
import { fault, textFaults } from "./text.ts";

const limits = {
  key: 200,
  name: 256,
  tensors: 1000,
  rank: 16,
  classes: 100_000,
  classBytes: 256 << 10,
  metrics: 1000,
  intervals: 1000,
  specBytes: 128 << 10,
} as const;

const datatype = /^[A-Z][A-Z0-9]{0,15}$/;
const weightsHash = /^(sha256:)?[0-9a-f]{64}$/;

export function submissionFaults(version: Version, idempotencyKey: string): Violation[] {
  const { model, weightsSha256, inputs, outputs, classes, metrics, intervals, lineage } = version;
  return [
    ...textFaults("idempotency_key", idempotencyKey, limits.key),
    ...modelNameFaults("version.model", model),
    ...weightsFaults(weightsSha256),
    ...signatureFaults("version.inputs", inputs),
    ...signatureFaults("version.outputs", outputs),
    ...classFaults(classes),
    ...metricFaults(metrics),
    ...intervalFaults(intervals),
    ...(lineage ? lineageFaults(lineage) : []),
  ];
}

function weightsFaults(hash: string): Violation[] {
  if (hash === "" || weightsHash.test(hash)) return [];
  return [fault("version.weights_sha256", found(hash), "64 lower-case hexadecimal digits")];
}

function signatureFaults(field: string, tensors: readonly Tensor[]): Violation[] {
  if (tensors.length > limits.tensors)
    return [fault(field, `${tensors.length} tensors`, `at most ${limits.tensors}`)];
  return tensors.flatMap(({ name, datatype: type, shape }, index) => {
    const faults = textFaults(`${field}[${index}].name`, name, limits.name);
    if (!datatype.test(type))
      faults.push(fault(`${field}[${index}].datatype`, found(type), "a type such as FP32"));
    if (shape.length > limits.rank || shape.some((size) => size < -1))
      faults.push(
        fault(
          `${field}[${index}].shape`,
          found(`[${shape}]`),
          `at most ${limits.rank} dimensions of -1 (any size) or more`,
        ),
      );
    return faults;
  });
}

function classFaults(classes: readonly string[]): Violation[] {
  if (classes.length > limits.classes)
    return [fault("version.classes", `${classes.length} classes`, `at most ${limits.classes}`)];
  const bytes = Buffer.byteLength(classes.join(""));
  if (bytes > limits.classBytes)
    return [fault("version.classes", `${bytes} bytes`, `at most ${limits.classBytes}`)];
  return [];
}

function metricFaults(metrics: Version["metrics"]): Violation[] {
  const names = Object.keys(metrics);
  if (names.length > limits.metrics)
    return [fault("version.metrics", `${names.length} metrics`, `at most ${limits.metrics}`)];
  return names.flatMap((name) => textFaults("version.metrics", name, limits.name));
}

function intervalFaults(intervals: Version["intervals"]): Violation[] {
  if (intervals.length > limits.intervals)
    return [
      fault("version.intervals", `${intervals.length} intervals`, `at most ${limits.intervals}`),
    ];
  return intervals.flatMap(({ metric, split, slice }, index) =>
    Object.entries({ metric, split, slice }).flatMap(([name, text]) =>
      textFaults(`version.intervals[${index}].${name}`, text, 2 * limits.name),
    ),
  );
}

function lineageFaults({ spec, parent, ...lineage }: Lineage): Violation[] {
  const texts = {
    job: lineage.job,
    dataset_digest: lineage.datasetDigest,
    split_digest: lineage.splitDigest,
    data_report: lineage.dataReport,
    trace_id: lineage.traceId,
    numeric_class: lineage.numericClass,
    "parent.digest": parent?.digest ?? "",
  };
  const faults = Object.entries(texts).flatMap(([name, text]) =>
    textFaults(`version.lineage.${name}`, text, limits.name),
  );
  if (parent) faults.push(...modelNameFaults("version.lineage.parent.model", parent.model));
  const bytes = Buffer.byteLength(JSON.stringify(spec ?? null));
  if (bytes > limits.specBytes)
    faults.push(
      fault("version.lineage.spec", `${bytes} bytes of JSON`, `at most ${limits.specBytes}`),
    );
  return faults;
}
