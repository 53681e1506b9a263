import { parseJobSpec } from "@amaas/spec";
import { expect, test } from "vitest";
import {
  endingReason,
  isOver,
  keptStep,
  type Rules,
  standingOf,
  watchedMetrics,
} from "./standing.ts";

/** A validation after every step. */
const evaluated = (values: readonly number[], metric = "loss") =>
  values.map((value, i) => ({ step: i + 1, split: "validation", metrics: { [metric]: value } }));

const stopping = (changed: Partial<NonNullable<Rules["earlyStopping"]>> = {}): Rules => ({
  earlyStopping: { metric: "loss", patience: 2, minDelta: 0, ...changed },
  keep: "best",
});

/** After how many epochs the training ends, and which one's weights are kept. */
function ends(rules: Rules, values: readonly number[], metric?: string): [number, number] {
  const all = evaluated(values, metric);
  const over = all.findIndex((_, i) => isOver(rules, standingOf(rules, all.slice(0, i + 1))));
  const steps = over < 0 ? values.length : over + 1;
  return [steps, keptStep(rules, standingOf(rules, all.slice(0, steps)), steps)];
}

test("a training ends after as many epochs without a better one as its patience has", () => {
  expect(ends(stopping(), [3, 2, 2.5, 2.1, 1])).toEqual([4, 2]);
  expect(ends(stopping(), [3, 2, 2.5, 1.9, 2, 2])).toEqual([6, 4]);
  expect(ends(stopping({ patience: 3 }), [3, 2, 2.5, 2.1, 1])).toEqual([5, 5]);
});

test("of equals the first is the best, and equal is not better", () => {
  expect(ends(stopping(), [2, 2, 2, 1])).toEqual([3, 1]);
});

test("what is better by too little waits on, but its weights are the best all the same", () => {
  expect(ends(stopping({ minDelta: 0.5 }), [3, 2.75, 2.6, 2])).toEqual([3, 3]);
  // 2.4 is better than 3, which is what it is held against, not than 2.75.
  expect(ends(stopping({ minDelta: 0.5 }), [3, 2.75, 2.4, 2.3, 2.2])).toEqual([5, 5]);
});

test("of some metrics more is better", () => {
  expect(ends(stopping({ metric: "accuracy" }), [0.5, 0.6, 0.55, 0.6, 0.9], "accuracy")).toEqual([
    4, 2,
  ]);
});

test("what is no number is never better", () => {
  expect(ends(stopping(), [Number.NaN, 2, Number.NaN, Number.NaN])).toEqual([4, 2]);
  expect(ends(stopping(), [Number.NaN, Number.NaN, 1])).toEqual([2, 2]);
  expect(ends({ keep: "best" }, [3, Number.NaN])).toEqual([2, 1]);
});

test("the last weights are kept where that is wanted", () => {
  expect(ends({ ...stopping(), keep: "last" }, [3, 2, 2.5, 2.1, 1])).toEqual([4, 4]);
});

test("the test split has no say", () => {
  const all = [...evaluated([3, 2]), { step: 2, split: "test", metrics: { loss: 9 } }];
  expect(standingOf(stopping(), all)).toEqual(standingOf(stopping(), all.slice(0, 2)));
});

test("the ending is told in epochs", () => {
  const rules = stopping();
  const all = evaluated([3, 2, 2.5, 2.1]).map((one) => ({ ...one, step: one.step * 10 }));
  const standing = standingOf(rules, all);
  expect(endingReason(rules, standing, { step: 40, stepsPerEpoch: 10 })).toBe(
    "stopped after epoch 4: no better validation loss for 2 epochs; " +
      "the weights of epoch 2 are kept, the best by validation loss",
  );
  const last: Rules = { keep: "best" };
  expect(endingReason(last, standing, { step: 40, stepsPerEpoch: 10 })).toBe(
    "the weights of epoch 2 are kept, the best by validation loss",
  );
});

test("on a plateau the share of the learning rate goes down, by a metric of its own", () => {
  const { training } = parseJobSpec({
    name: "tiny",
    task: "classification",
    architecture: { type: "linear" },
    data: { format: "csv", file: "rows.csv", label: "y" },
    training: {
      epochs: 9,
      batchSize: 8,
      optimizer: { type: "adam" },
      schedule: { type: "plateau", metric: "accuracy", patience: 1, factor: 0.25, cooldown: 1 },
    },
  });
  const all = evaluated([0.5, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6], "accuracy");
  const shares = all.map((_, i) => standingOf(training, all.slice(0, i + 1)).plateau.share);
  expect(shares).toEqual([1, 1, 1, 0.25, 0.25, 0.25, 0.0625]);
  expect(watchedMetrics(training)).toEqual(["loss", "accuracy"]);
});
