/**
 * What a model made of each row of a split: the row's part of every sum that metrics follow from, and
 * its probabilities.
 *
 * Sums are added in float64 in the order of the rows, each row as often as it counts, so that the
 * metrics of a split, of a slice and of a resample are one function.
 */
import { type Measures, type MetricValues, metricsOf, type SumGroup, sumsOf } from "@amaas/metrics";
import { areasOf, type Ranking, rankingOf } from "./areas.ts";

export interface Outcomes {
  readonly measures: Measures;
  readonly rows: number;
  /** Row r has the parts from starts[r] to starts[r + 1]; those that are 0 are left out. */
  readonly starts: Uint32Array;
  /** Which of the sums a part belongs to. */
  readonly places: Uint32Array;
  readonly parts: Float64Array;
  /** By row and class; empty for a regression. */
  readonly labels: Int32Array;
  readonly predicted: Int32Array;
  readonly probabilities: Float32Array;
}

/** Those rows alone, in that order. */
export function taken(outcomes: Outcomes, rows: Uint32Array): Outcomes {
  const { measures, starts, places, parts, labels, predicted, probabilities } = outcomes;
  const found = Array.from(rows, (row) => [starts[row] ?? 0, starts[row + 1] ?? 0] as const);
  const length = found.reduce((sum, [from, to]) => sum + to - from, 0);
  const own = {
    starts: new Uint32Array(rows.length + 1),
    places: new Uint32Array(length),
    parts: new Float64Array(length),
  };
  let at = 0;
  found.forEach(([from, to], row) => {
    own.places.set(places.subarray(from, to), at);
    own.parts.set(parts.subarray(from, to), at);
    at += to - from;
    own.starts[row + 1] = at;
  });
  if (measures.task !== "classification")
    return { measures, rows: rows.length, ...own, labels, predicted, probabilities };
  const { classes } = measures;
  const some = new Float32Array(rows.length * classes);
  rows.forEach((row, place) => {
    some.set(probabilities.subarray(row * classes, (row + 1) * classes), place * classes);
  });
  return {
    measures,
    rows: rows.length,
    ...own,
    labels: Int32Array.from(rows, (row) => labels[row] ?? 0),
    predicted: Int32Array.from(rows, (row) => predicted[row] ?? 0),
    probabilities: some,
  };
}

/** How often each row counts, to the metrics of all. */
export type Measure = (counts: Uint32Array) => MetricValues;

/** `areas` costs a sort for each class. */
export function measureOf(outcomes: Outcomes, areas: boolean): Measure {
  const { measures, rows, starts, places, parts } = outcomes;
  const groups = sumsOf(measures);
  const sums = new Float64Array(lengthOf(groups));
  const rankings = areas ? rankingsOf(outcomes) : [];
  return (counts) => {
    let samples = 0;
    sums.fill(0);
    for (let row = 0; row < rows; row++) {
      const count = counts[row]!;
      if (count === 0) continue;
      samples += count;
      for (let at = starts[row]!; at < starts[row + 1]!; at++)
        sums[places[at]!]! += count * parts[at]!;
    }
    return {
      ...metricsOf(measures.task, groups, Array.from(sums), samples),
      ...(rankings.length > 0 && areaMetrics(rankings, counts)),
    };
  };
}

/** Every row once. */
export function metricsOfAll(outcomes: Outcomes): MetricValues {
  return measureOf(outcomes, true)(new Uint32Array(outcomes.rows).fill(1));
}

function lengthOf(groups: readonly SumGroup[]): number {
  return groups.reduce((sum, { length }) => sum + length, 0);
}

/** Of each class against the rest; of two classes one ranking tells all, that of the second. */
function rankingsOf({ measures, rows, labels, probabilities }: Outcomes): readonly Ranking[] {
  if (measures.task !== "classification") return [];
  const { classes } = measures;
  const told = classes === 2 ? [1] : Array.from({ length: classes }, (_, index) => index);
  return told.map((index) =>
    rankingOf(
      Float32Array.from({ length: rows }, (_, row) => probabilities[row * classes + index] ?? 0),
      Uint8Array.from(labels, (label) => Number(label === index)),
    ),
  );
}

/** Means over the classes that have rows and leave some to the others, weighted by the class' rows or not. */
function areaMetrics(rankings: readonly Ranking[], counts: Uint32Array): MetricValues {
  const found = rankings.flatMap((ranking) => areasOf(ranking, counts) ?? []);
  if (found.length === 0) return {};
  const mean = (area: "roc" | "pr", weighted: boolean) => {
    let [sum, weights] = [0, 0];
    for (const areas of found) {
      const weight = weighted ? areas.positives : 1;
      sum += areas[area] * weight;
      weights += weight;
    }
    return sum / weights;
  };
  return {
    rocAuc: mean("roc", false),
    rocAucWeighted: mean("roc", true),
    prAuc: mean("pr", false),
    prAucWeighted: mean("pr", true),
  };
}
