import { expect, test } from "vitest";
import { renderLogLine } from "./log-line.ts";
import { createStyle, plain } from "./terminal/style.ts";
import { widthOf } from "./terminal/text.ts";

const time = new Date(2030, 0, 2, 14, 3, 22, 118).toISOString();
const line = (fields: object) =>
  JSON.stringify({ level: "info", time, service: "trainer", instance: "trainer-1", ...fields });

test("a JSON line is told by its time, its process, its message and its own fields", () => {
  const text = line({
    message: "joined",
    trace_id: "4bf9",
    span_id: "00f0",
    shard: 2,
    job: "job_1",
  });
  expect(renderLogLine("trainer-1", text, plain)).toBe(
    "14:03:22.118  trainer-1           joined shard=2 job=job_1",
  );
});

test("an error is told by its message", () => {
  const text = line({
    level: "error",
    message: "failed",
    error: { message: "disk full", stack: "…" },
  });
  expect(renderLogLine("registry", text, plain)).toContain("failed error=disk full");
  expect(renderLogLine("registry", text, createStyle(true))).toContain("\x1b[31mfailed\x1b[39m");
});

test("a line of another kind is passed on, unable to move the cursor", () => {
  expect(renderLogLine("registry", "{ \x1b[2J", plain)).toBe(
    "              registry            { \ufffd[2J",
  );
});

test("on a terminal what is information is cut to the line, and what is wrong is not", () => {
  const job = "job_01M81C7NHRHKK2C8NZ4N2SSEV6";
  const told = (level: string) =>
    renderLogLine(
      "trainer-1",
      line({ level, message: "x".repeat(50), job }),
      createStyle(true),
      100,
    );
  expect(told("info")).toContain("job_…2SSEV6");
  expect(widthOf(told("info"))).toBeLessThanOrEqual(100);
  expect(told("warn")).toContain(job);
});
