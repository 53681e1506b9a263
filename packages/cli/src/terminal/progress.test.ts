import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { liveProgress, plainProgress } from "./progress.ts";
import { plain } from "./style.ts";
import { widthOf } from "./text.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function recorder() {
  const written: string[] = [];
  return {
    written,
    output: { write: (text: string) => written.push(text), columns: 60, rows: 20 },
  };
}

test("without a terminal every milestone and end is a line", () => {
  const { written, output } = recorder();
  const progress = plainProgress(output);
  const phase = progress.begin("Train");
  phase.detail("not kept");
  phase.milestone("epoch 1");
  vi.advanceTimersByTime(8123);
  phase.done("12 epochs");
  progress.begin("Serve").failed("no replica");
  const place = progress.begin("Place");
  place.milestone("finds room");
  place.done("finds room");
  progress.begin("Ask");
  progress.abandon("interrupted");
  progress.abandon("nothing is left to abandon");
  progress.print(["the end"]);
  expect(written.join("")).toMatchInlineSnapshot(`
    "Train         epoch 1
    Train         12 epochs (8.1 s)
    Serve         failed: no replica (0 ms)
    Place         finds room
    Place         done (0 ms)
    Ask           failed: interrupted (0 ms)
    the end
    "
  `);
});

test("on a terminal a phase is redrawn until it is ticked off with its duration", () => {
  const { written, output } = recorder();
  const progress = liveProgress(output, plain);
  const phase = progress.begin("Train");
  phase.detail("at work");
  phase.body(({ columns }) => [`${columns} columns`]);
  phase.keeps(() => ["", "the curve"]);
  vi.advanceTimersByTime(160);
  expect(written.at(-1)).toContain("⠹ Train         at work");
  expect(written.at(-1)).toContain("59 columns");
  vi.advanceTimersByTime(2000);
  phase.done("12 epochs");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are made of them
  const last = (written.at(-1) ?? "").replace(/\x1b\[[?0-9;]*[A-Za-z]/g, "").trimEnd();
  const [ticked = "", ...kept] = last.trim().split("\n");
  expect(ticked).toMatch(/^✓ Train {9}12 epochs {10,}2\.2 s$/);
  expect(widthOf(ticked)).toBe(58);
  expect(kept).toEqual(["", " the curve"]);
  const frames = written.length;
  vi.advanceTimersByTime(1000);
  expect(written).toHaveLength(frames);
});
