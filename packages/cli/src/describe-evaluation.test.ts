import type { EvaluationRecord } from "@amaas/client";
import { expect, test } from "vitest";
import { describeEvaluation } from "./describe-evaluation.ts";
import { createStyle, plain } from "./terminal/style.ts";
import { widthOf } from "./terminal/text.ts";

const record: EvaluationRecord = {
  format: 1,
  task: "classification",
  judge: "f1Macro",
  resamples: 1000,
  confidence: 0.95,
  splits: [
    { split: "validation", rows: 50, scored: 50, metrics: { accuracy: { value: 0.5 } } },
    {
      split: "test",
      rows: 103,
      scored: 103,
      metrics: {
        accuracy: { value: 0.98, low: 0.95, high: 1 },
        f1Macro: { value: 0.97, low: 0.93, high: 1 },
        rocAuc: { value: 0.999 },
        matthews: { value: 0.9, low: 0.8, high: 1 },
      },
    },
  ],
  slices: [
    {
      column: "Island",
      value: "Biscoe\u001b[2J",
      rows: 52,
      small: false,
      metrics: { f1Macro: { value: 0.95, low: 0.9, high: 1 } },
    },
    {
      column: "Island",
      value: "Dream",
      rows: 3,
      small: true,
      metrics: { f1Macro: { value: 1 } },
    },
  ],
  baselines: [
    { name: "linear model", rows: 170, metrics: { accuracy: 0.97, f1Macro: 0.96 }, gains: {} },
  ],
  verdict: [
    { rule: "baseline", tone: "good", sentence: "It beats the linear model by a little bit." },
    { rule: "overfitting", tone: "bad", sentence: "It overfits." },
    { rule: "falling", tone: "note", sentence: "More epochs would help." },
  ],
};

test("value, interval, baseline; slices; the verdict's sentences", () => {
  expect(describeEvaluation(record, plain).join("\n")).toMatchInlineSnapshot(`
    "TEST (103 ROWS)    VALUE      95 % INTERVAL   LINEAR MODEL
    f1Macro           0.9700   0.9300 to 1.0000         0.9600
    accuracy          0.9800   0.9500 to 1.0000         0.9700
    rocAuc            0.9990

    SLICE               ROWS   F1MACRO      95 % INTERVAL
    Island Biscoe�[2J     52    0.9500   0.9000 to 1.0000
    Island Dream           3    1.0000       too few rows

    ✓ It beats the linear model by a little bit.
    ! It overfits.
    · More epochs would help."
  `);
});

test("a narrow terminal wraps sentences; colours only where they are wanted", () => {
  const lines = describeEvaluation(record, createStyle(true), 30);
  const verdict = lines.slice(lines.lastIndexOf("") + 1);
  expect(verdict.every((line) => widthOf(line) <= 30)).toBe(true);
  expect(verdict).toHaveLength(4);
  expect(lines.join("")).toContain("\u001b[32m✓");
  expect(describeEvaluation(record, plain).join("")).not.toContain("\u001b");
});
