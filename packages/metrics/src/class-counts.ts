/**
 * What follows from counts by class: precision, recall and F1 in their averages, balanced accuracy,
 * Matthews correlation.
 *
 * As scikit-learn has it: a ratio of nothing to nothing is 0, and averages are over the classes that
 * occur in the labels or in the predictions.
 */
import type { MetricOf } from "@amaas/spec";

/** By class. */
export interface ClassCounts {
  readonly actual: readonly number[];
  readonly predicted: readonly number[];
  readonly hits: readonly number[];
}

/** Out of a matrix that is flat: by actual class, and within by predicted. */
export function countsOf(confusion: readonly number[]): ClassCounts {
  const classes = Math.round(Math.sqrt(confusion.length));
  const all = Array.from({ length: classes }, (_, index) => index);
  const at = (actual: number, predicted: number) => confusion[actual * classes + predicted] ?? 0;
  return {
    actual: all.map((row) => total(all.map((column) => at(row, column)))),
    predicted: all.map((column) => total(all.map((row) => at(row, column)))),
    hits: all.map((index) => at(index, index)),
  };
}

type FromCounts =
  | "accuracy"
  | "balancedAccuracy"
  | "matthews"
  | (MetricOf<"classification"> & `${"precision" | "recall" | "f1"}${string}`);

export function countMetrics(counts: ClassCounts): Record<FromCounts, number> {
  const { actual, predicted, hits } = counts;
  const classes = hits.map((hit, index) => {
    const [is, said] = [actual[index] ?? 0, predicted[index] ?? 0];
    return {
      weight: is,
      occurs: is + said > 0,
      precision: ratio(hit, said),
      recall: ratio(hit, is),
      // 2 / (1 / precision + 1 / recall)
      f1: ratio(2 * hit, is + said),
    };
  });
  type Score = "precision" | "recall" | "f1";
  const occurring = classes.filter(({ occurs }) => occurs);
  const macro = (score: Score) => mean(occurring.map((one) => one[score]));
  const weighted = (score: Score) =>
    ratio(total(classes.map((one) => one.weight * one[score])), total(actual));
  // One answer for each sample, so what one class misses another has too many of.
  const accuracy = ratio(total(hits), total(actual));
  return {
    accuracy,
    balancedAccuracy: mean(classes.filter(({ weight }) => weight > 0).map(({ recall }) => recall)),
    precisionMacro: macro("precision"),
    precisionMicro: accuracy,
    precisionWeighted: weighted("precision"),
    recallMacro: macro("recall"),
    recallMicro: accuracy,
    recallWeighted: weighted("recall"),
    f1Macro: macro("f1"),
    f1Micro: accuracy,
    f1Weighted: weighted("f1"),
    matthews: matthews(counts),
  };
}

/**
 * Correlation of labels and predictions (Gorodkin, 2004), with s samples of which c are right, and
 * t_k samples and p_k predictions of class k:
 * (c s - sum t_k p_k) / sqrt((s^2 - sum p_k^2) (s^2 - sum t_k^2)).
 */
function matthews({ actual, predicted, hits }: ClassCounts): number {
  const samples = total(actual);
  const dot = (a: readonly number[], b: readonly number[]) =>
    total(a.map((value, index) => value * (b[index] ?? 0)));
  const together = total(hits) * samples - dot(actual, predicted);
  const spread = (counts: readonly number[]) => samples ** 2 - dot(counts, counts);
  return ratio(together, Math.sqrt(spread(predicted)) * Math.sqrt(spread(actual)));
}

export function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function mean(values: readonly number[]): number {
  return ratio(total(values), values.length);
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
