import { expect, test } from "vitest";
import { spreadOf } from "./scores.ts";
import { variation } from "./variation.ts";

test("trials are told by the mean and the sample deviation of what all of them have", () => {
  const scores = [
    { accuracy: 0.5, loss: 1, brier: 3 },
    { accuracy: 0.7, loss: 1 },
    { accuracy: 0.9, loss: 1 },
  ];
  const { accuracy, loss, ...others } = spreadOf(scores);
  expect(accuracy?.mean).toBeCloseTo(0.7, 12);
  expect(accuracy?.deviation).toBeCloseTo(0.2, 12);
  expect(loss).toEqual({ mean: 1, deviation: 0 });
  expect(others).toEqual({});
});

test("a single trial does not spread", () => {
  expect(spreadOf([{ r2: 0.25 }])).toEqual({ r2: { mean: 0.25, deviation: 0 } });
});

test("a variation keeps the job's own split, and neither gate nor version", () => {
  const job = { name: "a", split: { seed: 7 }, gate: { metric: "accuracy", min: 1 } };
  expect(variation(job, { folds: 5, fold: 0 })).toEqual({
    name: "a",
    split: { seed: 7, folds: 5, fold: 0 },
    register: false,
  });
  expect(() => variation("a", {})).toThrow("holds no job");
});
