/**
 * How sure a metric is: the bootstrap (Efron, 1979), rows drawn with replacement, its percentiles.
 *
 * Draws come from the counter generator by key, resample and place, and metrics are added in the order
 * of the rows: everybody finds the same intervals. Two models that are scored on the same rows are drawn
 * alike under one key, so the difference of their metrics, resample by resample, is a paired one.
 *
 * The cost has a bound. Of more than `mostDrawn` rows a resample draws that many (m out of n: Bickel,
 * Götze and van Zwet, 1997); what it strays is brought to the size of all rows by sqrt(m / n).
 */
import type { MetricValues } from "@amaas/metrics";
import { bits, type Key } from "@amaas/random";
import { measureOf, type Outcomes } from "./outcomes.ts";

export const resamples = 1_000;
export const confidence = 0.95;

const mostDrawn = 20_000;
/** Areas under curves of more classes have a value and no interval: each costs a pass over the rows. */
const mostAreaClasses = 20;
/** A metric that fewer resamples have, since some lack a class, has no interval. */
const leastFound = 0.95 * resamples;
const two32 = 2 ** 32;

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** By metric its value in each resample, NaN where one has none. */
export type Distribution = Readonly<Record<string, Float64Array>>;

/** Around `values`, the metrics of all rows. */
export function distributionOf(
  outcomes: Outcomes,
  values: Readonly<MetricValues>,
  key: Key,
): Distribution {
  const { measures, rows } = outcomes;
  const areas = measures.task === "classification" && measures.classes <= mostAreaClasses;
  const measure = measureOf(outcomes, areas);
  const drawn = Math.min(rows, mostDrawn);
  const shrink = Math.sqrt(drawn / rows);
  const names = Object.keys(values);
  const found = Object.fromEntries(
    names.map((name) => [name, new Float64Array(resamples).fill(Number.NaN)]),
  );
  const counts = new Uint32Array(rows);
  for (let resample = 0; resample < resamples; resample++) {
    draw(counts, drawn, key, resample);
    const metrics = measure(counts);
    for (const name of names) {
      const value = metrics[name];
      const all = values[name] ?? Number.NaN;
      if (value !== undefined)
        found[name]![resample] = drawn === rows ? value : all + (value - all) * shrink;
    }
  }
  return found;
}

/** The middle `confidence` of the values; undefined where too few resamples have one. */
export function intervalOf(values: Float64Array | undefined): Interval | undefined {
  const sorted = values?.filter((value) => !Number.isNaN(value)).sort();
  if (!sorted || sorted.length < leastFound) return undefined;
  const tail = (1 - confidence) / 2;
  return { low: quantile(sorted, tail), high: quantile(sorted, 1 - tail) };
}

/** Between order statistics on a straight line, as NumPy's default has it. */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below] ?? Number.NaN;
  const high = sorted[below + 1] ?? low;
  return low + (high - low) * (place - below);
}

function draw(counts: Uint32Array, drawn: number, key: Key, resample: number): void {
  counts.fill(0);
  for (let from = 0; from < drawn; from += 4) {
    const block = bits(key, from / 4, resample);
    for (let at = 0; at < 4 && from + at < drawn; at++)
      counts[Math.floor((block[at]! / two32) * counts.length)]! += 1;
  }
}
