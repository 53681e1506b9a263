import { expect, test } from "vitest";
import { metricsOf, sumNames } from "./index.ts";

test("classification: mean loss and accuracy", () => {
  expect(sumNames("classification")).toEqual(["loss", "correct"]);
  expect(metricsOf("classification", [2, 6], 8)).toEqual({ loss: 0.25, accuracy: 0.75 });
});

test("regression: errors in label units, r2 from standardised labels", () => {
  expect(sumNames("regression")).toEqual([
    "loss",
    "squared",
    "absolute",
    "target",
    "targetSquared",
  ]);
  // Labels 10, 20, 30, 40 (mean 20, deviation 10 in training), predictions 12, 18, 33, 40.
  const labels = [10, 20, 30, 40];
  const errors = [2, -2, 3, 0];
  const standardised = labels.map((label) => (label - 20) / 10);
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
  const squared = sum(errors.map((error) => error ** 2));
  const sums = [
    squared / 100,
    squared,
    sum(errors.map(Math.abs)),
    sum(standardised),
    sum(standardised.map((value) => value ** 2)),
  ];
  const metrics = metricsOf("regression", sums, 4);
  expect(metrics).toMatchObject({ mse: 4.25, rmse: Math.sqrt(4.25), mae: 1.75 });
  expect(metrics.loss).toBeCloseTo(0.0425, 12);
  // 1 - (4 + 4 + 9 + 0) / (225 + 25 + 25 + 225)
  expect(metrics.r2).toBeCloseTo(1 - 17 / 500, 12);
});

test("labels that do not vary: r2 is 1 when met and 0 when not", () => {
  expect(metricsOf("regression", [0, 0, 0, 4, 8], 2).r2).toBe(1);
  expect(metricsOf("regression", [1, 1, 1, 4, 8], 2).r2).toBe(0);
});

test("sums that do not fit are refused", () => {
  expect(() => metricsOf("classification", [1], 4)).toThrow(
    "found 1 sums, wanted 2 (loss, correct)",
  );
  expect(() => metricsOf("classification", [1, 1], 0)).toThrow("sums over 0 samples");
});
