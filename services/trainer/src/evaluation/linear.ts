/**
 * The linear baseline: what a straight line through the same features can do.
 *
 * Classes by multinomial logistic regression, minimising sum of the cross-entropies + |W|^2 / 2; numbers by
 * ridge regression, minimising sum of the squared errors + |W|^2. Features are standardised first, biases
 * are free. Both are found by L-BFGS over all rows at once, the engine telling value and gradient.
 *
 * Its cost has a bound: at most `mostRows` rows, fewer where there are many features and outputs, and
 * `looks` passes over them, which together are some 3 * 10^9 multiplications, a second or so.
 */
import type { BlobStore } from "@amaas/blobs";
import { openSession } from "@amaas/engine";
import { minimize } from "@amaas/evaluation";
import { writeModel } from "@amaas/graph";
import { buildNetwork, layout, type Network, outputGraph, trainingGraph } from "@amaas/nn";
import type { Split } from "@amaas/proto/amaas/scheduler/v1/fleet";
import { type Tensor, tensor } from "@amaas/tensor";
import { batchesOf, drawRows, type Labels } from "./rows.ts";
import { type Scorer, scoreRows } from "./score.ts";

const mostRows = 10_000;
const looks = 50;
/** Rows times features times outputs. */
const mostWork = 2 ** 25;
/** Of fewer rows, unless there are no more, a model of so many features learns nothing. */
const leastRows = 256;
const batch = 256;
const tolerance = 1e-3;

export interface Sample {
  readonly training: Split;
  readonly outputs: number;
  readonly integerLabels: boolean;
  /** Columns that hold ids, which are left out. */
  readonly idColumns: readonly number[];
  readonly seed: number;
}

export interface LinearModel {
  readonly rows: number;
  readonly scorer: Scorer;
  release(): Promise<void>;
}

/** Undefined where it would cost too much or has nothing to go by. */
export async function fitLinear(
  sample: Sample,
  blobs: BlobStore,
): Promise<LinearModel | undefined> {
  const { training, outputs, integerLabels, idColumns, seed } = sample;
  const width = training.features;
  const most = Math.min(mostRows, Math.floor(mostWork / (width * outputs)));
  if (most < Math.min(leastRows, training.rows) || idColumns.length >= width) return undefined;
  const rows = drawRows(training.rows, most, "linear baseline", seed);
  const data: Data = { width, features: new Float32Array(rows.length * width), labels: [] };
  let from = 0;
  const wanted = { split: training, rows, batch, integerLabels };
  for await (const { rows: count, features, labels } of batchesOf(wanted, blobs)) {
    data.features.set(features.subarray(0, count * width), from * width);
    data.labels.push(labels.slice());
    from += count;
  }
  const standardise = standardiserOf(data.features, width, idColumns);
  standardise(data.features);
  const network = buildNetwork({ type: "linear" }, { features: width, outputs });
  const weights = await fitted(network, data, integerLabels, outputs);
  const session = await openSession(writeModel(outputGraph(network, scoreRows)));
  return {
    rows: rows.length,
    async scorer(features) {
      const own = Float32Array.from(features.data, Number);
      standardise(own);
      const given = tensor("FP32", features.shape, own);
      const { outputs: found } = await session.run({ ...weights, features: given }, ["outputs"]);
      if (!found) throw new Error("the linear model put out nothing");
      return found;
    },
    release: () => session.release(),
  };
}

interface Data {
  readonly width: number;
  readonly features: Float32Array<ArrayBuffer>;
  /** By batch. */
  readonly labels: Labels[];
}

async function fitted(
  network: Network,
  { width, features, labels }: Data,
  integerLabels: boolean,
  outputs: number,
): Promise<Readonly<Record<string, Tensor>>> {
  const places = layout(network.parameters);
  const last = places.at(-1);
  const length = last ? last.offset + last.length : 0;
  const rows = features.length / width;
  const session = await openSession(
    writeModel(trainingGraph(network, { ...aimOf(integerLabels, outputs), batch })),
  );
  const penalty = integerLabels ? 0.5 : 1;
  const views = (vector: Float32Array<ArrayBuffer>) =>
    Object.fromEntries(
      places.map(({ name, shape, offset, length: size }) => [
        name,
        tensor("FP32", shape, vector.subarray(offset, offset + size)),
      ]),
    );
  const batches = labels.map((own, at) => batchOf(features, width, own, at, rows));
  const look = async (at: Float64Array) => {
    const weights = views(Float32Array.from(at));
    const gradient = new Float64Array(length);
    let value = 0;
    for (const feeds of batches) {
      const found = await session.run({ ...weights, ...feeds });
      value += Number(found.sums?.data[0]);
      for (const { name, offset } of places)
        found[`grad/${name}`]?.data.forEach((slope, i) => {
          gradient[offset + i]! += Number(slope);
        });
    }
    for (const { shape, offset, length: size } of places)
      if (shape.length === 2)
        for (let i = offset; i < offset + size; i++) {
          value += penalty * at[i]! ** 2;
          gradient[i]! += 2 * penalty * at[i]!;
        }
    return { value, gradient };
  };
  try {
    const found = await minimize(look, new Float64Array(length), {
      looks,
      tolerance: tolerance * Math.sqrt(rows),
    });
    return views(Float32Array.from(found));
  } finally {
    await session.release();
  }
}

function aimOf(integerLabels: boolean, outputs: number) {
  if (!integerLabels) return { task: "regression", loss: { type: "mse" } } as const;
  const type = outputs === 1 ? "sigmoid-cross-entropy" : "cross-entropy";
  return { task: "classification", loss: { type, labelSmoothing: 0 } } as const;
}

function batchOf(
  all: Float32Array<ArrayBuffer>,
  width: number,
  labels: Labels,
  at: number,
  rows: number,
): Record<string, Tensor> {
  const count = Math.min(batch, rows - at * batch);
  const features = new Float32Array(batch * width);
  features.set(all.subarray(at * batch * width, (at * batch + count) * width));
  return {
    features: tensor("FP32", [batch, width], features),
    labels:
      labels instanceof Int32Array
        ? tensor("INT32", [batch], labels)
        : tensor("FP32", [batch], labels),
    mask: tensor("FP32", [batch], new Float32Array(batch).fill(1, 0, count)),
  };
}

/** Takes every column to mean 0 and deviation 1, in place; ids, and what does not vary, to 0. */
function standardiserOf(features: Float32Array, width: number, idColumns: readonly number[]) {
  const rows = features.length / width;
  const mean = new Float64Array(width);
  const variance = new Float64Array(width);
  const each = (take: (value: number, column: number) => void) => {
    for (let at = 0; at < features.length; at++) take(features[at]!, at % width);
  };
  each((value, column) => {
    mean[column]! += value / rows;
  });
  each((value, column) => {
    variance[column]! += (value - mean[column]!) ** 2 / rows;
  });
  const scale = variance.map((value) => (value > 1e-12 ? 1 / Math.sqrt(value) : 0));
  for (const column of idColumns) scale[column] = 0;
  return (values: Float32Array): void => {
    for (let at = 0; at < values.length; at++) {
      const column = at % width;
      values[at] = (values[at]! - mean[column]!) * scale[column]!;
    }
  };
}
