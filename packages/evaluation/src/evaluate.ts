/** From the outcomes of all rows to the evaluation record. */
import type { MetricValues } from "@amaas/metrics";
import { hashKey, type Key } from "@amaas/random";
import { isErrorMetric } from "@amaas/spec";
import {
  confidence,
  type Distribution,
  distributionOf,
  intervalOf,
  resamples,
} from "./bootstrap.ts";
import { metricsOfAll, type Outcomes, taken } from "./outcomes.ts";
import type {
  BaselineRecord,
  Estimates,
  EvaluationRecord,
  SliceRecord,
  SplitRecord,
} from "./record.ts";
import type { ClassFacts, Facts } from "./verdict/finding.ts";
import { verdictOf } from "./verdict/index.ts";

export interface ScoredSplit {
  /** Of the split, scored or not. */
  readonly rows: number;
  readonly outcomes: Outcomes;
}

export interface ScoredBaseline {
  readonly name: string;
  /** Training rows that it was fitted on. */
  readonly rows: number;
  /** On the scored test rows. */
  readonly outcomes: Outcomes;
}

/** Values of a column, by scored test row. */
export interface Slicing {
  readonly column: string;
  readonly values: readonly string[];
  readonly codes: Int32Array;
}

export interface Scores {
  readonly task: "classification" | "regression";
  readonly judge: string;
  readonly seed: number;
  readonly training: ScoredSplit;
  readonly validation: ScoredSplit;
  readonly test: ScoredSplit;
  readonly slicings: readonly Slicing[];
  /** The simplest first. */
  readonly baselines: readonly ScoredBaseline[];
  readonly epochs: Facts["epochs"];
  readonly classNames: readonly string[];
}

/** Slices of fewer rows are marked as such, and have no intervals. */
const smallSlice = 20;

export function evaluationOf(scores: Scores): EvaluationRecord {
  const { task, judge, seed, test, epochs } = scores;
  const key = (...of: readonly (string | number)[]) => hashKey("bootstrap", seed, ...of);
  const tested = measured(test.outcomes, key("test"));
  const splits = {
    // Rows that the model knows are no sample of anything.
    training: splitRecord(
      "training",
      scores.training,
      estimates(metricsOfAll(scores.training.outcomes)),
    ),
    validation: splitRecord(
      "validation",
      scores.validation,
      measured(scores.validation.outcomes, key("validation")).estimates,
    ),
    test: splitRecord("test", test, tested.estimates),
  };
  const baselines = scores.baselines.map((one) => baselineRecord(one, tested, key("test")));
  const slices = scores.slicings.flatMap((slicing) => sliceRecords(slicing, test.outcomes, key));
  const verdict = verdictOf({
    task,
    judge,
    isError: isErrorMetric(judge),
    ...splits,
    slices,
    baselines,
    epochs,
    classes: classFacts(test.outcomes, scores.classNames),
    confidence: meanConfidence(test.outcomes),
  });
  return {
    format: 1,
    task,
    judge,
    resamples,
    confidence,
    splits: Object.values(splits),
    slices,
    baselines,
    verdict,
  };
}

interface Measured {
  readonly values: MetricValues;
  readonly distribution: Distribution;
  readonly estimates: Estimates;
}

function measured(outcomes: Outcomes, key: Key): Measured {
  const values = metricsOfAll(outcomes);
  const distribution = distributionOf(outcomes, values, key);
  return { values, distribution, estimates: estimates(values, distribution) };
}

function estimates(values: Readonly<MetricValues>, distribution: Distribution = {}): Estimates {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      { value, ...intervalOf(distribution[name]) },
    ]),
  );
}

function splitRecord(
  split: SplitRecord["split"],
  { rows, outcomes }: ScoredSplit,
  metrics: Estimates,
): SplitRecord {
  return { split, rows, scored: outcomes.rows, metrics };
}

/** Under the model's own key, so that both are drawn alike. */
function baselineRecord(
  { name, rows, outcomes }: ScoredBaseline,
  model: Measured,
  key: Key,
): BaselineRecord {
  const { values, distribution } = measured(outcomes, key);
  const gains = Object.entries(values).flatMap(([metric, value]) => {
    const own = model.values[metric];
    const [a, b] = [model.distribution[metric], distribution[metric]];
    if (own === undefined || !a || !b) return [];
    const sign = isErrorMetric(metric) ? -1 : 1;
    const differences = a.map((one, resample) => sign * (one - (b[resample] ?? Number.NaN)));
    return [[metric, { value: sign * (own - value), ...intervalOf(differences) }] as const];
  });
  return { name, rows, metrics: values, gains: Object.fromEntries(gains) };
}

function sliceRecords(
  { column, values, codes }: Slicing,
  outcomes: Outcomes,
  key: (...of: readonly (string | number)[]) => Key,
): SliceRecord[] {
  return values.flatMap((value, code) => {
    const rows = Uint32Array.from([...codes.keys()].filter((row) => codes[row] === code));
    if (rows.length === 0) return [];
    const some = taken(outcomes, rows);
    const small = rows.length < smallSlice;
    const metrics = small
      ? estimates(metricsOfAll(some))
      : measured(some, key("slice", column, value)).estimates;
    return [{ column, value, rows: rows.length, small, metrics }];
  });
}

function classFacts({ labels, predicted }: Outcomes, names: readonly string[]): ClassFacts[] {
  const rows = new Uint32Array(names.length);
  const said = new Uint32Array(names.length);
  for (const label of labels) rows[label]! += 1;
  for (const label of predicted) said[label]! += 1;
  return names.map((name, at) => ({ name, rows: rows[at] ?? 0, predicted: said[at] ?? 0 }));
}

function meanConfidence({ rows, predicted, probabilities }: Outcomes): number | undefined {
  if (probabilities.length === 0) return undefined;
  const classes = probabilities.length / rows;
  let sum = 0;
  predicted.forEach((said, row) => {
    sum += probabilities[row * classes + said] ?? 0;
  });
  return sum / rows;
}
