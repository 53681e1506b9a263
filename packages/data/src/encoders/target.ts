/**
 * A text as the mean of the label among the training rows that have it, drawn towards the mean of all rows as
 * if it had `smoothing` more rows of that (Micci-Barreca, 2001, A Preprocessing Scheme for High-Cardinality
 * Categorical Attributes). Where the text is missing or new it is the mean of all.
 *
 * The label is a number, in deviations from its mean; whether it is the second of two classes; or a column for
 * each class. A training row must not see its own label: it has the means of the rows in other folds than its
 * own. Served are the means of all training rows.
 */
import { hashKey, permutation } from "@amaas/random";
import type { TargetSpec } from "@amaas/spec";
import { tensor } from "@amaas/tensor";
import type { Labels } from "../dataset.ts";
import { defaultLimits, faultyData } from "../limits.ts";
import { scaleOf } from "../statistics.ts";
import { codesOf, distinctTexts } from "./codes.ts";
import type { TextEncoder } from "./encoder.ts";

export const target: TextEncoder<TargetSpec> = ({ g, name, value, data, spec, labels }) => {
  const codes = codesOf(g, value, data, distinctTexts(name, data, defaultLimits.features));
  const aim = aimOf(labels);
  const { width } = aim;
  const everywhere = means(codes.data, codes.size, aim, spec.smoothing, () => true);
  const table = g.constant(tensor("FP32", [codes.size, width], everywhere));
  const training = new Float32Array(data.length * width);
  const folds = foldsOf(name, data.length, spec.folds);
  for (let fold = 0; fold < spec.folds; fold++) {
    const others = means(codes.data, codes.size, aim, spec.smoothing, (row) => folds[row] !== fold);
    codes.data.forEach((code, row) => {
      if (folds[row] === fold)
        training.set(others.subarray(code * width, (code + 1) * width), row * width);
    });
  }
  const looked = g.reshape(g.gather(table, codes.value), [-1, width]);
  return [{ value: looked, names: aim.names.map((of) => `${name}: mean of ${of}`), training }];
};

/** What means are taken of. */
interface Aim {
  readonly width: number;
  readonly names: readonly string[];
  of(row: number, column: number): number;
}

function aimOf(labels: Labels): Aim {
  if (labels.kind === "value") {
    const { mean, deviation } = scaleOf(labels.values);
    const of = (row: number) => (labels.values[row]! - mean) / deviation;
    return { width: 1, names: ["the label"], of };
  }
  if (labels.kind !== "class")
    throw faultyData("data.columns", "the encoding target wants labels, the task has none");
  const { classes, values } = labels;
  const first = classes.length === 2 ? 1 : 0;
  return {
    width: classes.length - first,
    names: classes.slice(first).map(String),
    of: (row, column) => Number(values[row] === column + first),
  };
}

/** [codes, width]; a code that no row has, and 0, have the mean of all rows. */
function means(
  codes: Int32Array,
  size: number,
  { width, of }: Aim,
  smoothing: number,
  counts: (row: number) => boolean,
): Float32Array {
  const sums = new Float64Array(size * width);
  const rows = new Float64Array(size);
  const all = new Float64Array(width);
  let total = 0;
  codes.forEach((code, row) => {
    if (!counts(row)) return;
    total++;
    rows[code]!++;
    for (let column = 0; column < width; column++) {
      const label = of(row, column);
      all[column]! += label;
      sums[code * width + column]! += label;
    }
  });
  return Float32Array.from(sums, (sum, index) => {
    const code = Math.floor(index / width);
    const mean = all[index % width]! / Math.max(1, total);
    const known = code === 0 ? 0 : rows[code]!;
    return known === 0 ? mean : (sum + smoothing * mean) / (known + smoothing);
  });
}

function foldsOf(name: string, rows: number, folds: number): Uint32Array {
  const placeOf = permutation(hashKey("target", name), rows);
  return Uint32Array.from({ length: rows }, (_, row) => placeOf(row) % folds);
}
