/**
 * Columns that alone predict the label almost perfectly: mostly they come from it, and will not be there when
 * somebody asks.
 *
 * A number is compared with a number by their correlation. Otherwise every other training row is predicted from
 * the rows between, by what those with the same text, or a number of the same sixty-fourth, have; a column whose
 * every row is another, such as an id, predicts nothing that way.
 */

import { labelsAt } from "./column-features.ts";
import type { Dataset } from "./dataset.ts";
import { edgesOf } from "./encoders/buckets.ts";
import type { ColumnData } from "./encoders/encoder.ts";

export interface Giveaway {
  readonly column: string;
  /** What it was noticed by, from 0 to 1. */
  readonly measure: "correlation" | "share of the errors that it saves";
  readonly value: number;
}

const mostRows = 100_000;
const leastRows = 40;
const buckets = 64;
const almostAll = 0.99;

export function giveaways(dataset: Dataset, training: Uint32Array): readonly Giveaway[] {
  const rows = training.subarray(0, mostRows);
  const labels = labelsAt(dataset.labels, rows);
  if (dataset.source !== "columns" || labels.kind === "none" || rows.length < leastRows) return [];
  const values = Float64Array.from(labels.values);
  const isNumber = labels.kind === "value";
  const raw = dataset.tensors(rows);
  return dataset.inputs.flatMap(({ name }): Giveaway[] => {
    const data = raw[name]?.data;
    if (!(data instanceof Float32Array || Array.isArray(data))) return [];
    if (isNumber && data instanceof Float32Array)
      return noticed(name, "correlation", Math.abs(correlation(data, values)), almostAll);
    const saved = savedErrors(keysOf(data), values, isNumber ? square : differs);
    // Of squares as many are saved as of a correlation.
    const limit = isNumber ? almostAll * almostAll : almostAll;
    return noticed(name, "share of the errors that it saves", saved, limit);
  });
}

function noticed(
  column: string,
  measure: Giveaway["measure"],
  value: number,
  limit: number,
): Giveaway[] {
  return value > limit ? [{ column, measure, value }] : [];
}

/** Pearson's, over the rows that have both. */
function correlation(x: Float32Array, y: Float64Array): number {
  const there = [...x.keys()].filter((row) => !Number.isNaN(x[row]));
  if (there.length < leastRows) return 0;
  const mean = (of: ArrayLike<number>) =>
    there.reduce((sum, row) => sum + of[row]!, 0) / there.length;
  const [left, right] = [mean(x), mean(y)];
  let [xx, xy, yy] = [0, 0, 0];
  for (const row of there) {
    const [a, b] = [x[row]! - left, y[row]! - right];
    xx += a * a;
    xy += a * b;
    yy += b * b;
  }
  return xx === 0 || yy === 0 ? 0 : xy / Math.sqrt(xx * yy);
}

function keysOf(data: ColumnData): readonly (string | number)[] {
  if (!(data instanceof Float32Array)) return data;
  const edges = edgesOf(data, { count: buckets });
  return Array.from(data, (x) => (Number.isNaN(x) ? -1 : edges.filter((edge) => x >= edge).length));
}

interface Loss {
  /** What is predicted from the labels of rows that have something in common. */
  best(labels: readonly number[]): number;
  of(label: number, predicted: number): number;
}

const square: Loss = {
  best: (labels) => labels.reduce((sum, label) => sum + label, 0) / labels.length,
  of: (label, predicted) => (label - predicted) ** 2,
};

const differs: Loss = {
  best(labels) {
    const counts = new Map<number, number>();
    for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
    return [...counts].reduce((a, b) => (b[1] > a[1] ? b : a))[0];
  },
  of: (label, predicted) => Number(label !== predicted),
};

/** The share of the errors of one prediction for all rows that a prediction for each key does not make. */
function savedErrors(keys: readonly (string | number)[], labels: Float64Array, loss: Loss): number {
  const known = new Map<string | number, number[]>();
  const all: number[] = [];
  for (let row = 0; row < labels.length; row += 2) {
    const same = known.get(keys[row]!);
    if (same) same.push(labels[row]!);
    else known.set(keys[row]!, [labels[row]!]);
    all.push(labels[row]!);
  }
  const usual = loss.best(all);
  const predictions = new Map([...known].map(([key, same]) => [key, loss.best(same)]));
  let [without, withKeys] = [0, 0];
  for (let row = 1; row < labels.length; row += 2) {
    without += loss.of(labels[row]!, usual);
    withKeys += loss.of(labels[row]!, predictions.get(keys[row]!) ?? usual);
  }
  return without === 0 ? 0 : 1 - withKeys / without;
}
