import { expect, test } from "vitest";
import { TraceSettings } from "./trace-settings.ts";

const infer = "inference.GRPCInferenceService/ModelInfer";

const roots = (traces: TraceSettings, count: number, name = infer) =>
  Array.from({ length: count }, () => traces.sampleRoot(name));
const sampled = (traces: TraceSettings, model: string, count: number) =>
  Array.from({ length: count }, () => traces.sampleModel(model)).filter(Boolean).length;

test("nothing is decided here until something is set, and then only for inferences", () => {
  const traces = new TraceSettings(1);
  expect(roots(traces, 1)).toEqual([undefined]);
  expect(traces.sampleModel("m")).toBeUndefined();
  traces.change("", { level: "OFF" });
  expect(roots(traces, 1)).toEqual([false]);
  expect(roots(traces, 1, "inference.GRPCInferenceService/ServerLive")).toEqual([undefined]);
  expect(roots(traces, 1, "POST /v2/models/{model}/infer")).toEqual([false]);
  expect(traces.sampleModel("m")).toBeUndefined();
});

test("what the environment asks for is what holds at first", () => {
  expect(new TraceSettings(0).of("")).toEqual({ level: "OFF", rate: 1, count: -1 });
  expect(new TraceSettings(0.01).of("")).toEqual({ level: "TIMESTAMPS", rate: 100, count: -1 });
});

test("one in so many, and the last of them as in Triton", () => {
  const traces = new TraceSettings(1);
  traces.change("", { rate: 3 });
  expect(roots(traces, 6)).toEqual([false, false, true, false, false, true]);
  traces.change("", { rate: 0 });
  expect(roots(traces, 3)).toEqual([false, false, false]);
});

test("so many and no more; how many are left is told", () => {
  const traces = new TraceSettings(1);
  traces.change("", { count: 2 });
  expect(roots(traces, 4)).toEqual([true, true, false, false]);
  expect(traces.of("").count).toBe(0);
  traces.change("", { count: -1 });
  expect(roots(traces, 2)).toEqual([true, true]);
});

test("a model's settings stand before those of all, field by field, until they are cleared", () => {
  const traces = new TraceSettings(1);
  traces.change("", { level: "OFF", rate: 10, count: 5 });
  traces.change("m", { level: "TIMESTAMPS", rate: 2 });
  expect(traces.of("m")).toEqual({ level: "TIMESTAMPS", rate: 2, count: 5 });
  expect(traces.of("other")).toEqual({ level: "OFF", rate: 10, count: 5 });
  expect(sampled(traces, "m", 20)).toBe(5);
  expect(traces.of("").count).toBe(0);
  traces.change("", { count: null });
  expect(sampled(traces, "m", 20)).toBe(10);
  traces.change("m", { rate: null });
  expect(traces.of("m")).toEqual({ level: "TIMESTAMPS", rate: 10, count: -1 });
  traces.change("m", { level: null });
  expect(traces.of("m")).toEqual({ level: "OFF", rate: 10, count: -1 });
  expect(traces.sampleModel("m")).toBeUndefined();
});
