import { parseJobSpec } from "@amaas/spec";
import fc from "fast-check";
import { expect, test } from "vitest";
import { confusionOf, type Measures, measuresOf, metricsOf, sumsOf } from "./index.ts";

const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

/** The sums in order, 0 where none are given. */
function valuesOf(measures: Measures, given: Readonly<Record<string, readonly number[]>>) {
  return sumsOf(measures).flatMap(({ name, length }) => given[name] ?? Array(length).fill(0));
}

function metricsFrom(
  measures: Measures,
  given: Readonly<Record<string, readonly number[]>>,
  samples: number,
) {
  return metricsOf(measures.task, sumsOf(measures), valuesOf(measures, given), samples);
}

test("classification: what a confusion matrix tells", () => {
  // Of 4 ones 3 are right, of 6 twos 4.
  const found = metricsFrom(
    { task: "classification", classes: 2 },
    { loss: [2], logLoss: [3], brier: [1], confusion: [3, 1, 2, 4] },
    10,
  );
  expect(found).toMatchObject({ loss: 0.2, logLoss: 0.3, brier: 0.1, accuracy: 0.7 });
  expect(found.balancedAccuracy).toBeCloseTo((3 / 4 + 4 / 6) / 2, 12);
  expect(found.precisionMacro).toBeCloseTo((3 / 5 + 4 / 5) / 2, 12);
  expect(found.recallWeighted).toBeCloseTo(0.7, 12);
  expect(found.f1Macro).toBeCloseTo((6 / 9 + 8 / 11) / 2, 12);
  expect(found.matthews).toBeCloseTo((3 * 4 - 1 * 2) / Math.sqrt(5 * 5 * 4 * 6), 12);
});

test("calibration: the share of samples by which the bins are off, either way", () => {
  const calibration = [2, -1, ...Array<number>(13).fill(0)];
  const measures = { task: "classification", classes: 2 } as const;
  const found = metricsFrom(measures, { calibration, confusion: [5, 0, 0, 5] }, 10);
  expect(found.calibrationError).toBeCloseTo(0.3, 12);
});

test("reconstruction: means over samples, of images the mean of their decibels", () => {
  const given = { loss: [8], squared: [4], absolute: [6], psnr: [50] };
  expect(metricsFrom({ task: "reconstruction", images: true }, given, 4)).toEqual({
    loss: 2,
    mse: 1,
    rmse: 1,
    mae: 1.5,
    psnr: 12.5,
  });
  const { psnr, ...others } = given;
  expect(metricsFrom({ task: "reconstruction", images: false }, others, 4)).not.toHaveProperty(
    "psnr",
  );
});

test("language modeling: perplexity and hits over tokens, the loss over samples", () => {
  const given = { loss: [3], tokenLoss: [10 * Math.log(7)], tokens: [10], tokenHits: [4] };
  const found = metricsFrom({ task: "language-modeling" }, given, 2);
  expect(found).toMatchObject({ loss: 1.5, tokenAccuracy: 0.4 });
  expect(found.perplexity).toBeCloseTo(7, 12);
});

test("regression: errors in label units, r2 and explained variance from standardised labels", () => {
  // Labels 10, 20, 30, 40 (mean 20, deviation 10 in training), predictions 12, 18, 33, 40.
  const labels = [10, 20, 30, 40];
  const errors = [-2, 2, -3, 0];
  const standardised = labels.map((label) => (label - 20) / 10);
  const squares = (values: readonly number[]) => total(values.map((value) => value ** 2));
  const metrics = metricsFrom(
    { task: "regression", quantile: 0.5 },
    {
      loss: [squares(errors) / 100],
      squared: [squares(errors)],
      absolute: [total(errors.map(Math.abs))],
      relative: [2 / 10 + 2 / 20 + 3 / 30],
      pinball: [3.5],
      error: [total(errors) / 10],
      errorSquared: [squares(errors) / 100],
      target: [total(standardised)],
      targetSquared: [squares(standardised)],
    },
    4,
  );
  expect(metrics).toMatchObject({ mse: 4.25, rmse: Math.sqrt(4.25), mae: 1.75 });
  expect(metrics.mape).toBeCloseTo(0.1, 12);
  expect(metrics.loss).toBeCloseTo(0.0425, 12);
  // 1 - (4 + 4 + 9 + 0) / (225 + 25 + 25 + 225)
  expect(metrics.r2).toBeCloseTo(1 - 17 / 500, 12);
  // The errors' mean is -0.75.
  expect(metrics.explainedVariance).toBeCloseTo(1 - (17 - 4 * 0.75 ** 2) / 500, 12);
  expect(metrics.quantileLoss).toBeCloseTo(3.5 / 4, 12);
});

test("labels that do not vary: r2 is 1 when met and 0 when not", () => {
  const constant = { target: [4], targetSquared: [8] };
  expect(metricsFrom({ task: "regression" }, constant, 2).r2).toBe(1);
  expect(metricsFrom({ task: "regression" }, { ...constant, errorSquared: [1] }, 2).r2).toBe(0);
});

test("classes by themselves tell what their matrix does", () => {
  const classes = 4;
  const matrices = fc.array(fc.nat(9), { minLength: classes ** 2, maxLength: classes ** 2 });
  fc.assert(
    fc.property(
      matrices.filter((matrix) => total(matrix) > 0),
      (confusion) => {
        const at = (row: number, column: number) => confusion[row * classes + column] ?? 0;
        const each = [0, 1, 2, 3];
        const samples = total(confusion);
        const whole = metricsFrom({ task: "classification", classes }, { confusion }, samples);
        const groups = [
          ...sumsOf({ task: "classification", classes }).slice(0, -1),
          ...["actual", "predicted", "hits"].map((name) => ({ name, length: classes })),
        ];
        const counts = [
          ...each.map((row) => total(each.map((column) => at(row, column)))),
          ...each.map((column) => total(each.map((row) => at(row, column)))),
          ...each.map((index) => at(index, index)),
        ];
        const before = Array<number>(
          total(groups.map(({ length }) => length)) - counts.length,
        ).fill(0);
        expect(metricsOf("classification", groups, [...before, ...counts], samples)).toEqual(whole);
        for (const value of Object.values(whole)) expect(Number.isFinite(value)).toBe(true);
        expect(whole.matthews).toBeGreaterThanOrEqual(-1 - 1e-12);
        expect(whole.matthews).toBeLessThanOrEqual(1 + 1e-12);
      },
    ),
  );
});

test("a confusion matrix has a name for each pair of classes, actual first", () => {
  const measures = { task: "classification", classes: 2 } as const;
  const values = valuesOf(measures, { confusion: [3, 1, 2, 4] });
  expect(confusionOf(sumsOf(measures), values)).toEqual({
    "confusion/0/0": 3,
    "confusion/0/1": 1,
    "confusion/1/0": 2,
    "confusion/1/1": 4,
  });
  const many = { task: "classification", classes: 21 } as const;
  expect(confusionOf(sumsOf(many), valuesOf(many, {}))).toEqual({});
});

test("the vector of sums stays small: by pairs up to 20 classes, by class beyond", () => {
  const count = (classes: number) =>
    total(sumsOf({ task: "classification", classes }).map(({ length }) => length));
  expect([2, 20, 21, 10_000].map(count)).toEqual([22, 418, 81, 30_018]);
});

test("sums that do not fit are refused", () => {
  const groups = sumsOf({ task: "classification", classes: 2 });
  expect(() => metricsOf("classification", groups, [1], 4)).toThrow(
    "found 1 sums, wanted 22 (loss, logLoss, brier, 15 of calibration, 4 of confusion)",
  );
  expect(() => metricsOf("classification", groups, Array(22).fill(1), 0)).toThrow(
    "sums over 0 samples",
  );
});

const specOf = (change: object) =>
  parseJobSpec({
    name: "birds",
    task: "classification",
    data: { format: "csv", file: "birds.csv", label: "species" },
    architecture: { type: "linear" },
    training: { epochs: 1, batchSize: 8, optimizer: { type: "adam" } },
    ...change,
  });

test("top-k accuracy: as the spec says, else of 5 where there are more classes", () => {
  const topK = (classes: number, change = {}) => {
    const measures = measuresOf(specOf(change), classes);
    return "topK" in measures ? measures.topK : undefined;
  };
  expect(topK(5)).toBeUndefined();
  expect(topK(6)).toBe(5);
  expect(topK(4, { evaluation: { topK: 3 } })).toBe(3);
  expect(() => topK(3, { evaluation: { topK: 3 } })).toThrow(
    "evaluation.topK: found 3, wanted less than 3, the number of classes",
  );
  expect(() => topK(3, { gate: { metric: "topKAccuracy", min: 0.5 } })).toThrow(
    "gate.metric: found topKAccuracy, wanted another, or evaluation.topK below 3",
  );
});
