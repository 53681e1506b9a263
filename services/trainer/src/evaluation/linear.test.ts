import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type BlobStore, openBlobs } from "@amaas/blobs";
import type { Split } from "@amaas/proto/amaas/scheduler/v1/fleet";
import { hashKey, uniform } from "@amaas/random";
import { tensor } from "@amaas/tensor";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fitLinear } from "./linear.ts";
import { scoreRows } from "./score.ts";

const rows = 300;
const width = 3;
let directory: string;
let blobs: BlobStore;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "amaas-linear-"));
  blobs = openBlobs(pathToFileURL(directory).href);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const random = (name: string, at: number) => uniform(hashKey(name), at) - 0.5;
/** Of very different sizes, as raw features are. */
const features = Float32Array.from(
  { length: rows * width },
  (_, at) => random("x", at) * [1, 1000, 0.01][at % width]! + [0, 5000, 1][at % width]!,
);
const signal = (row: number) =>
  4 * random("x", row * width) - 2 * random("x", row * width + 1) + random("noise", row);

async function splitOf(labels: Int32Array | Float32Array): Promise<Split> {
  const put = async (values: Float32Array | Int32Array) =>
    (await blobs.put(new Uint8Array(Uint8Array.from(new Uint8Array(values.buffer))))).digest;
  const parts = [0, 200].map(async (from) => {
    const to = Math.min(rows, from + 200);
    return {
      rows: to - from,
      features: await put(features.slice(from * width, to * width)),
      labels: await put(labels.slice(from, to)),
    };
  });
  return { rows, features: width, blocks: await Promise.all(parts) };
}

async function fitted(
  labels: Int32Array | Float32Array,
  outputs: number,
  idColumns: number[] = [],
) {
  const sample = {
    training: await splitOf(labels),
    outputs,
    integerLabels: labels instanceof Int32Array,
    idColumns,
    seed: 0,
  };
  const model = await fitLinear(sample, blobs);
  if (!model) throw new Error("nothing was fitted");
  return model;
}

/** The features as the model standardises them, in float64. */
const standardised = (() => {
  const column = (at: number) =>
    Array.from({ length: rows }, (_, row) => features[row * width + at]!);
  const scaled = Array.from({ length: width }, (_, at) => {
    const values = column(at);
    const mean = values.reduce((sum, value) => sum + value, 0) / rows;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / rows);
    return { values: values.map((value) => (value - mean) / deviation), mean, deviation };
  });
  return scaled;
})();

/** Bias and weights for standardised features, by output: the model is affine, so that four points tell all. */
async function weightsOf(model: Awaited<ReturnType<typeof fitted>>, outputs: number) {
  const batch = new Float32Array(scoreRows * width);
  for (let point = 0; point <= width; point++)
    standardised.forEach(({ mean, deviation }, at) => {
      batch[point * width + at] = mean + (point === at + 1 ? deviation : 0);
    });
  const { data } = await model.scorer(tensor("FP32", [scoreRows, width], batch));
  return Array.from({ length: outputs }, (_, output) => {
    const bias = Number(data[output]);
    const weights = standardised.map((_, at) => Number(data[(at + 1) * outputs + output]) - bias);
    return { bias, weights };
  });
}

test("numbers: ridge regression, whose normal equations hold", async () => {
  const labels = Float32Array.from({ length: rows }, (_, row) => signal(row));
  const model = await fitted(labels, 1);
  const [found] = await weightsOf(model, 1);
  await model.release();
  const errors = Array.from({ length: rows }, (_, row) =>
    standardised.reduce(
      (sum, { values }, at) => sum + found!.weights[at]! * values[row]!,
      found!.bias - labels[row]!,
    ),
  );
  // d/db sum e^2 = 0 and d/dw (sum e^2 + w^2) = 0: half of them, against sums of some 300.
  expect(Math.abs(errors.reduce((sum, error) => sum + error, 0))).toBeLessThan(0.05);
  standardised.forEach(({ values }, at) => {
    const slope = errors.reduce(
      (sum, error, row) => sum + error * values[row]!,
      found!.weights[at]!,
    );
    expect(Math.abs(slope)).toBeLessThan(0.05);
  });
  expect(found!.weights[0]).toBeGreaterThan(1);
});

test.each([
  ["three classes by three outputs", 3, 3],
  ["two classes by one output", 2, 1],
])("%s: logistic regression, whose slopes vanish", async (_, classes, outputs) => {
  const labels = Int32Array.from({ length: rows }, (_, row) => {
    const value = signal(row);
    return classes === 2 ? Number(value > 0) : value > 0.5 ? 2 : value > -0.5 ? 1 : 0;
  });
  const model = await fitted(labels, outputs);
  const found = await weightsOf(model, outputs);
  await model.release();
  const gaps = Array.from({ length: rows }, (_, row) => {
    const z = found.map(({ bias, weights }) =>
      standardised.reduce((sum, { values }, at) => sum + weights[at]! * values[row]!, bias),
    );
    const scores = outputs === 1 ? [0, ...z] : z;
    const each = scores.map((score) => Math.exp(score - Math.max(...scores)));
    const sum = each.reduce((all, one) => all + one, 0);
    return each.map((one, label) => one / sum - Number(labels[row] === label)).slice(-outputs);
  });
  // d/dw (cross-entropies + w^2 / 2) = 0
  found.forEach(({ weights }, output) => {
    standardised.forEach(({ values }, at) => {
      const slope = gaps.reduce((sum, gap, row) => sum + gap[output]! * values[row]!, weights[at]!);
      expect(Math.abs(slope)).toBeLessThan(0.05);
    });
    expect(Math.abs(gaps.reduce((sum, gap) => sum + gap[output]!, 0))).toBeLessThan(0.05);
  });
});

test("columns of ids are left out, and nothing but ids is nothing", async () => {
  const labels = Float32Array.from({ length: rows }, (_, row) => signal(row));
  const model = await fitted(labels, 1, [0]);
  const [found] = await weightsOf(model, 1);
  await model.release();
  expect(found!.weights[0]).toBe(0);
  expect(Math.abs(found!.weights[1]!)).toBeGreaterThan(0.1);
  await expect(fitted(labels, 1, [0, 1, 2])).rejects.toThrow("nothing was fitted");
});
