/** From the sums of a pass over a split to the metrics that people read. */
import { DomainError } from "@amaas/errors";
import type { MetricOf } from "@amaas/spec";
import { type ClassCounts, countMetrics, countsOf, total } from "./class-counts.ts";
import type { Measures, SumGroup } from "./measures.ts";

/** Metrics by name. */
export type MetricValues = Record<string, number>;

/** By name of the group. */
type Sums = Readonly<Record<string, readonly number[]>>;
/** What depends on the spec or on the number of classes is not always there. */
type Found<T extends Measures["task"], Sometimes extends MetricOf<T>> = Record<
  Exclude<MetricOf<T>, Sometimes>,
  number
> & { readonly [M in Sometimes]?: number };

type Formula = (sums: Sums, samples: number) => MetricValues;

const formulas: { readonly [T in Measures["task"]]: Formula } = {
  classification,
  regression,
  embedding,
  reconstruction,
  "language-modeling": languageModeling,
};

/** The metrics of a pass over `samples` samples, whose sums are these, group after group. */
export function metricsOf(
  task: Measures["task"],
  groups: readonly SumGroup[],
  values: readonly number[],
  samples: number,
): MetricValues {
  if (!(samples > 0)) throw mismatch(`sums over ${samples} samples`, "at least 1");
  return formulas[task](cut(groups, values), samples);
}

/**
 * The confusion matrix as metrics by name, `confusion/<actual>/<predicted>`, classes by their
 * number; empty where pairs of classes are not counted.
 */
export function confusionOf(groups: readonly SumGroup[], values: readonly number[]): MetricValues {
  const { confusion = [] } = cut(groups, values);
  const classes = Math.round(Math.sqrt(confusion.length));
  return Object.fromEntries(
    confusion.map((count, at) => [`confusion/${Math.floor(at / classes)}/${at % classes}`, count]),
  );
}

/** Areas under curves follow from no sums; who has the scores of all rows adds them. */
type Area = Extract<MetricOf<"classification">, `${"roc" | "pr"}Auc${string}`>;

function classification(
  sums: Sums,
  samples: number,
): Omit<Found<"classification", "topKAccuracy">, Area> {
  const one = (name: string) => single(sums, name) / samples;
  return {
    loss: one("loss"),
    ...countMetrics(classCounts(sums)),
    ...(sums.amongTopK && { topKAccuracy: one("amongTopK") }),
    logLoss: one("logLoss"),
    brier: one("brier"),
    // sum over bins of (samples in the bin / samples) |share right - mean confidence|
    calibrationError: total((sums.calibration ?? []).map(Math.abs)) / samples,
  };
}

function classCounts({ confusion, actual, predicted, hits }: Sums): ClassCounts {
  if (confusion) return countsOf(confusion);
  if (actual && predicted && hits) return { actual, predicted, hits };
  throw mismatch("no counts of classes", "confusion, or actual, predicted and hits");
}

function regression(sums: Sums, samples: number): Found<"regression", "quantileLoss"> {
  const one = (name: string) => single(sums, name) / samples;
  const [error, target] = [single(sums, "error"), single(sums, "target")];
  const errorSquared = single(sums, "errorSquared");
  const variation = single(sums, "targetSquared") - (target * target) / samples;
  return {
    loss: one("loss"),
    mse: one("squared"),
    rmse: Math.sqrt(one("squared")),
    mae: one("absolute"),
    mape: one("relative"),
    r2: explained(errorSquared, variation),
    explainedVariance: explained(errorSquared - (error * error) / samples, variation),
    ...(sums.pinball && { quantileLoss: one("pinball") }),
  };
}

/** Over those who have another of their label in their micro-batch. */
function embedding(sums: Sums, samples: number): Found<"embedding", never> {
  return {
    loss: single(sums, "loss") / samples,
    recallAt1: single(sums, "hits") / Math.max(1, single(sums, "asked")),
  };
}

function reconstruction(sums: Sums, samples: number): Found<"reconstruction", "psnr"> {
  const one = (name: string) => single(sums, name) / samples;
  const mse = one("squared");
  return {
    loss: one("loss"),
    mse,
    rmse: Math.sqrt(mse),
    mae: one("absolute"),
    ...(sums.psnr && { psnr: one("psnr") }),
  };
}

/** Over tokens, not over samples: a short sample weighs as much as it is long. */
function languageModeling(sums: Sums, samples: number): Found<"language-modeling", never> {
  const tokens = Math.max(1, single(sums, "tokens"));
  return {
    loss: single(sums, "loss") / samples,
    perplexity: Math.exp(single(sums, "tokenLoss") / tokens),
    tokenAccuracy: single(sums, "tokenHits") / tokens,
  };
}

/** Share of the labels' variation that is no error; labels that do not vary are met or not. */
function explained(error: number, variation: number): number {
  if (variation > 0) return 1 - error / variation;
  return error <= 0 ? 1 : 0;
}

function cut(groups: readonly SumGroup[], values: readonly number[]): Sums {
  const wanted = total(groups.map(({ length }) => length));
  if (values.length !== wanted)
    throw mismatch(`${values.length} sums`, `${wanted} (${groups.map(shown).join(", ")})`);
  let from = 0;
  return Object.fromEntries(
    groups.map(({ name, length }) => {
      const part = values.slice(from, from + length);
      from += length;
      return [name, part];
    }),
  );
}

function shown({ name, length }: SumGroup): string {
  return length === 1 ? name : `${length} of ${name}`;
}

function single(sums: Sums, name: string): number {
  const value = sums[name]?.[0];
  if (value === undefined) throw mismatch(`no sum called ${name}`, "one");
  return value;
}

function mismatch(found: string, wanted: string): DomainError {
  return new DomainError("invalid-argument", `no metrics: found ${found}, wanted ${wanted}`);
}
