import { Progress } from "@amaas/proto/amaas/scheduler/v1/jobs";
import { expect, test } from "vitest";
import { judge, metricsOf } from "./gate.ts";

test("the validation and the test of the weights that are kept are what is registered", () => {
  const evaluations = [
    { step: 10, split: "validation", metrics: { loss: 1, accuracy: 0.5 } },
    { step: 20, split: "validation", metrics: { loss: 0.5, accuracy: 0.9 } },
    { step: 20, split: "test", metrics: { accuracy: 0.8 } },
  ];
  expect(metricsOf(Progress.fromPartial({ evaluations }))).toEqual({
    "validation/loss": 0.5,
    "validation/accuracy": 0.9,
    "test/accuracy": 0.8,
  });
  const tested = evaluations.with(2, { step: 10, split: "test", metrics: { accuracy: 0.7 } });
  const kept = Progress.fromPartial({ evaluations: tested, ending: { keptStep: 10 } });
  expect(metricsOf(kept)).toEqual({
    "validation/loss": 1,
    "validation/accuracy": 0.5,
    "test/accuracy": 0.7,
  });
});

test.each([
  [{ min: 0.9 }, true, "validation/accuracy 0.951235 >= 0.9"],
  [{ min: 0.96 }, false, "validation/accuracy 0.951235 < 0.96"],
  [{ min: 0.9, max: 0.95 }, false, "validation/accuracy 0.951235 > 0.95"],
  [
    { min: 0.9, max: 1 },
    true,
    "validation/accuracy 0.951235 >= 0.9 and validation/accuracy 0.951235 <= 1",
  ],
])("a gate %j gives %s", (limits, passed, text) => {
  const gate = { metric: "accuracy", split: "validation", alias: "champion", ...limits } as const;
  expect(judge(gate, { "validation/accuracy": 0.9512349 })).toEqual({ passed, text });
});

test("a gate on something that was not measured holds back", () => {
  const gate = { metric: "r2", split: "test", alias: "champion", min: 0 } as const;
  expect(judge(gate, { "test/loss": 1 })).toEqual({
    passed: false,
    text: "test/r2 was not measured",
  });
  expect(judge(gate, { "test/r2": Number.NaN }).passed).toBe(false);
});
