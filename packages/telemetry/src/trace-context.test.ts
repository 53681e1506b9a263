import { expect, test } from "vitest";
import { formatTraceparent, parseTraceparent, traceIdOf } from "./trace-context.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const spanId = "00f067aa0ba902b7";

test("a traceparent survives parsing and formatting", () => {
  for (const flags of ["00", "01"]) {
    const text = `00-${traceId}-${spanId}-${flags}`;
    const context = parseTraceparent(text);
    expect(context).toEqual({ traceId, spanId, sampled: flags === "01" });
    expect(formatTraceparent(context!)).toBe(text);
  }
  expect(traceIdOf(`00-${traceId}-${spanId}-01`)).toBe(traceId);
});

test("a later version may carry more fields, and other flags are ignored", () => {
  expect(parseTraceparent(`cc-${traceId}-${spanId}-09-what-ever`)).toEqual({
    traceId,
    spanId,
    sampled: true,
  });
});

test.each([
  ["nothing", undefined],
  ["empty", ""],
  ["another format", "b3: 1"],
  ["version ff", `ff-${traceId}-${spanId}-01`],
  ["more fields in version 00", `00-${traceId}-${spanId}-01-x`],
  ["upper case", `00-${traceId.toUpperCase()}-${spanId}-01`],
  ["zero trace id", `00-${"0".repeat(32)}-${spanId}-01`],
  ["zero span id", `00-${traceId}-${"0".repeat(16)}-01`],
  ["endless", `cc-${traceId}-${spanId}-01-${"x".repeat(1000)}`],
])("%s is no context", (_, text) => {
  expect(parseTraceparent(text)).toBeUndefined();
  expect(traceIdOf(text)).toBe("");
});
