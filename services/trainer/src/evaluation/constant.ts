/** Baselines that answer every row alike: what the training labels are on the whole. */
import type { ScoredBaseline } from "@amaas/evaluation";
import { isLossOf, type LossSpec, type RegressionLossSpec } from "@amaas/spec";
import type { Labels } from "./rows.ts";

export interface Constant extends Pick<ScoredBaseline, "name"> {
  /** Of a row: scores of classes, or a standardised label. */
  readonly outputs: readonly number[];
}

interface Statistic {
  readonly name: (quantile: number) => string;
  readonly of: (sorted: Float32Array, quantile: number) => number;
}

const mean: Statistic = {
  name: () => "mean of the labels",
  of: (sorted) => sorted.reduce((sum, label) => sum + label, 0) / sorted.length,
};
const median: Statistic = {
  name: () => "median of the labels",
  of: (sorted) => quantileOf(sorted, 0.5),
};
const quantile: Statistic = {
  name: (share) => `${share} quantile of the labels`,
  of: quantileOf,
};

/** What no constant is better than, first. */
const statistics: { readonly [L in RegressionLossSpec["type"]]: readonly Statistic[] } = {
  mse: [mean],
  mae: [median, mean],
  huber: [mean, median],
  "log-cosh": [mean, median],
  quantile: [quantile, median],
};

/** `width` is the number of outputs. */
export function constantsOf(loss: LossSpec, labels: Labels, width: number): readonly Constant[] {
  if (!isLossOf("regression", loss)) return [mostFrequent(labels, width)];
  const sorted = Float32Array.from(labels).sort();
  const share = loss.type === "quantile" ? loss.quantile : 0.5;
  return statistics[loss.type].map(({ name, of }) => ({
    name: name(share),
    outputs: [of(sorted, share)],
  }));
}

/** Scores whose softmax is the share of each class; a class without rows counts as half a row. */
function mostFrequent(labels: Labels, width: number): Constant {
  const counts = new Float64Array(Math.max(2, width));
  for (const label of labels) counts[label]! += 1;
  const scores = Array.from(counts, (count) => Math.log(Math.max(count, 0.5) / labels.length));
  const [first = 0, second = 0] = scores;
  return { name: "most frequent class", outputs: width === 1 ? [second - first] : scores };
}

function quantileOf(sorted: Float32Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below] ?? 0;
  return low + ((sorted[below + 1] ?? low) - low) * (place - below);
}
