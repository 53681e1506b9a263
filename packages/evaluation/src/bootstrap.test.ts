import { hashKey, uniform } from "@amaas/random";
import { expect, test } from "vitest";
import { distributionOf, intervalOf } from "./bootstrap.ts";
import { OutcomeCollector } from "./collect.ts";
import { metricsOfAll, type Outcomes } from "./outcomes.ts";

/** Rows of a regression whose labels are 0 and whose predictions are these. */
function outcomesOf(errors: readonly number[]): Outcomes {
  const squares = errors.map((error) => error ** 2);
  const zeros = errors.map(() => 0);
  const collector = new OutcomeCollector({ task: "regression" }, errors.length);
  collector.add(errors.length, zeros, {
    loss: squares,
    squared: squares,
    absolute: errors.map(Math.abs),
    relative: zeros,
    error: errors,
    errorSquared: squares,
    target: zeros,
    targetSquared: zeros,
  });
  return collector.finish();
}

function intervalsOf(outcomes: Outcomes, seed: number) {
  const values = metricsOfAll(outcomes);
  const distribution = distributionOf(outcomes, values, hashKey("bootstrap", seed));
  return (metric: string) => intervalOf(distribution[metric])!;
}

test("19 of 20 intervals hold what is true of all rows there could be", () => {
  const trials = 200;
  const rows = 120;
  let held = 0;
  for (let trial = 0; trial < trials; trial++) {
    const key = hashKey("coverage", trial);
    // Of -2 log(u), an exponential of mean 2, so that the metric is skewed.
    const errors = Array.from({ length: rows }, (_, row) => -2 * Math.log(1 - uniform(key, row)));
    const { low, high } = intervalsOf(outcomesOf(errors), trial)("mae");
    if (low <= 2 && 2 <= high) held++;
  }
  // Percentile intervals are a little short on skewed rows; chance alone is 1.5 points.
  expect(held / trials).toBeGreaterThan(0.89);
  expect(held / trials).toBeLessThan(0.985);
}, 60_000);

test("everybody finds the same, another seed another one nearby", () => {
  const errors = Array.from({ length: 90 }, (_, row) => uniform(hashKey("rows"), row));
  const [a, again, b] = [7, 7, 8].map((seed) => intervalsOf(outcomesOf(errors), seed)("rmse"));
  expect(again).toEqual(a);
  expect(b).not.toEqual(a);
  expect(Math.abs(b!.low - a!.low)).toBeLessThan(0.02);
});

test("what does not vary is certain", () => {
  expect(intervalsOf(outcomesOf(Array(30).fill(0.5)), 0)("mae")).toEqual({ low: 0.5, high: 0.5 });
});

test("of more rows than are drawn, the interval is as wide as all of them make it", () => {
  const rows = 80_000;
  const key = hashKey("many");
  const errors = Array.from({ length: rows }, (_, row) => uniform(key, row));
  const outcomes = outcomesOf(errors);
  const { low, high } = intervalsOf(outcomes, 1)("mae");
  // The mean of n uniform numbers: 2 * 1.96 / sqrt(12 n).
  const width = (2 * 1.96) / Math.sqrt(12 * rows);
  expect((high - low) / width).toBeGreaterThan(0.9);
  expect((high - low) / width).toBeLessThan(1.1);
  const { mae } = metricsOfAll(outcomes);
  expect(low).toBeLessThan(mae!);
  expect(high).toBeGreaterThan(mae!);
}, 60_000);

test("a metric that many resamples lack has no interval", () => {
  const values = new Float64Array(1_000).fill(1).fill(Number.NaN, 0, 60);
  expect(intervalOf(values)).toBeUndefined();
  expect(intervalOf(values.fill(0.5, 0, 30))).toEqual({ low: 0.5, high: 1 });
  expect(intervalOf(undefined)).toBeUndefined();
});
