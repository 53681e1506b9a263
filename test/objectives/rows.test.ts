/**
 * Metrics out of rows that are scored one by one, areas under curves among them, against
 * scikit-learn's; and against those that training tells of the same outputs.
 */
import { openSession, type Session } from "@amaas/engine";
import {
  areasOf,
  distributionOf,
  intervalOf,
  metricsOfAll,
  OutcomeCollector,
  type Outcomes,
  rankingOf,
  taken,
} from "@amaas/evaluation";
import { writeModel } from "@amaas/graph";
import { rowGraph } from "@amaas/nn";
import { hashKey } from "@amaas/random";
import type { LossSpec } from "@amaas/spec";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fixture, type MetricCase, microBatchOf } from "./fixture.ts";

const BATCH = 16;

function lossOf({ measures }: MetricCase): LossSpec {
  if (measures.task === "classification") return { type: "cross-entropy", labelSmoothing: 0 };
  const quantile = measures.task === "regression" ? measures.quantile : undefined;
  return quantile === undefined ? { type: "mse" } : { type: "quantile", quantile };
}

describe.each(fixture.header.metrics)("$name:", (each) => {
  const { measures, scale, areas = {} } = each;
  const values = fixture.array(each.outputs);
  const labels = fixture.array(each.labels);
  const options = { loss: lossOf(each), batch: BATCH, ...(scale && { labelScale: scale }) };
  let session: Session;
  let outcomes: Outcomes;

  beforeAll(async () => {
    const model = rowGraph(values.shape[1] ?? 1, { ...options, measures });
    session = await openSession(writeModel(model));
    const collector = new OutcomeCollector(measures, labels.data.length);
    for (let from = 0; from < labels.data.length; from += BATCH) {
      const { feeds, samples } = microBatchOf({ outputs: values, labels }, from, BATCH);
      const found = await session.run({ outputs: feeds.features!, labels: feeds.labels! });
      const numbers = Object.entries(found).map(([name, { data }]) => [
        name,
        Array.from(data, Number),
      ]);
      collector.add(samples, Array.from(feeds.labels!.data, Number), Object.fromEntries(numbers));
    }
    outcomes = collector.finish();
  });
  afterAll(() => session?.release());

  test("as scikit-learn says", () => {
    const { loss, ...found } = metricsOfAll(outcomes);
    const wanted = { ...each.metrics, ...areas };
    expect(Object.keys(found).sort()).toEqual(Object.keys(wanted).sort());
    for (const [name, value] of Object.entries(wanted)) {
      const error = Math.abs((found[name] ?? Number.NaN) - value) / Math.max(1, Math.abs(value));
      expect(error, `${name} ${found[name]} instead of ${value}`).toBeLessThan(2e-6);
    }
    expect(loss).toBeGreaterThanOrEqual(0);
  });

  test("some rows by themselves are what they are among all", () => {
    const rows = Uint32Array.from({ length: outcomes.rows }, (_, row) => row);
    expect(metricsOfAll(taken(outcomes, rows))).toEqual(metricsOfAll(outcomes));
    const [first, second] = [
      rows.filter((row) => row % 3 === 0),
      rows.filter((row) => row % 3 > 0),
    ];
    const [a, b] = [first, second].map((part) => metricsOfAll(taken(outcomes, part)).loss ?? 0);
    const whole = (a! * first.length + b! * second.length) / outcomes.rows;
    expect(metricsOfAll(outcomes).loss).toBeCloseTo(whole, 10);
  });
});

test("intervals as SciPy's bootstrap finds them, but for the luck of the draw", async () => {
  const { intervals, ...each } = fixture.header.bootstrap;
  const [outputs, labels] = [fixture.array(each.outputs), fixture.array(each.labels)];
  const measures = { task: "regression" } as const;
  const rows = labels.data.length;
  const model = rowGraph(1, { loss: { type: "mse" }, batch: rows, measures });
  const session = await openSession(writeModel(model));
  const found = await session.run({ outputs, labels });
  await session.release();
  const collector = new OutcomeCollector(measures, rows);
  const numbers = Object.entries(found).map(([name, { data }]) => [name, Array.from(data, Number)]);
  collector.add(rows, Array.from(labels.data, Number), Object.fromEntries(numbers));
  const outcomes = collector.finish();
  const distribution = distributionOf(outcomes, metricsOfAll(outcomes), hashKey("test"));
  for (const [metric, { low, high, error }] of Object.entries(intervals)) {
    const interval = intervalOf(distribution[metric])!;
    // A percentile of 1,000 resamples in the tail strays by about 0.085 standard errors of the metric.
    expect(Math.abs(interval.low - low), metric).toBeLessThan(error / 4);
    expect(Math.abs(interval.high - high), metric).toBeLessThan(error / 4);
  }
});

describe.each(fixture.header.ties)("scores many of which are equal: $name", (each) => {
  const scores = Float32Array.from(fixture.array(each.scores).data, Number);
  const positive = Uint8Array.from(fixture.array(each.labels).data, Number);
  const once = new Uint32Array(scores.length).fill(1);

  test("areas as scikit-learn has them", () => {
    const { roc, pr } = areasOf(rankingOf(scores, positive), once)!;
    expect(roc).toBeCloseTo(each.roc, 12);
    expect(pr).toBeCloseTo(each.pr, 12);
  });

  test("a row that counts twice is two rows", () => {
    const twice = [...scores.keys()].flatMap((row) => (row % 2 === 0 ? [row, row] : [row]));
    const counts = once.map((_, row) => (row % 2 === 0 ? 2 : 1));
    const repeated = areasOf(
      rankingOf(
        Float32Array.from(twice, (row) => scores[row] ?? 0),
        Uint8Array.from(twice, (row) => positive[row] ?? 0),
      ),
      new Uint32Array(twice.length).fill(1),
    );
    expect(areasOf(rankingOf(scores, positive), counts)).toEqual(repeated);
  });
});
