import type { ModelStatistics } from "@amaas/client";
import { expect, test } from "vitest";
import { plain } from "../terminal/style.ts";
import { figuresOf } from "./figures.ts";
import { frame } from "./frame.ts";

interface Counts {
  readonly success?: number;
  readonly fail?: number;
  readonly runs?: number;
  readonly hits?: number;
  readonly misses?: number;
  /** Of the requests, by range: up to 1 ms, up to 10 ms, above. */
  readonly ranges?: readonly number[];
}

function statistics(name: string, counts: Counts = {}): ModelStatistics {
  const { success = 0, fail = 0, runs = 0, hits = 0, misses = 0, ranges = [0, 0, 0] } = counts;
  const tally = (count: number, ms = 0) => ({ count: BigInt(count), ns: BigInt(ms * 1e6) });
  return {
    name,
    version: "1",
    lastInference: 0n,
    inferenceCount: BigInt(2 * success),
    executionCount: BigInt(runs),
    inferenceStats: {
      success: tally(success),
      fail: tally(fail),
      queue: tally(success, 3 * success),
      computeInput: tally(success),
      computeInfer: tally(success),
      computeOutput: tally(success),
      cacheHit: tally(hits),
      cacheMiss: tally(misses),
    },
    batchStats: [],
    memoryUsage: [{ type: "CPU", id: 0n, byteSize: 5_000_000n }],
    responseStats: {},
    activity: {
      pending: 4n,
      requestRate: 7,
      headroom: 120,
      targetP99Ms: undefined,
      quarantined: false,
      requestSeconds: [0.001, 0.01],
      requestCounts: ranges.map(BigInt),
    },
  };
}

const whole = statistics("digits", {
  success: 100,
  fail: 2,
  runs: 50,
  hits: 25,
  misses: 75,
  ranges: [50, 50, 0],
});

test("at the first look, figures are those since the version was loaded", () => {
  const [of] = figuresOf({ at: 0, models: [whole] });
  expect(of).toEqual({
    model: "digits",
    version: "1",
    requestsPerSecond: 7,
    p50Ms: 1,
    p99Ms: expect.closeTo(9.82, 6),
    waitMs: 3,
    queued: 4,
    rowsPerRun: 4,
    memoryBytes: 5_000_000,
    cacheHits: 0.25,
    failed: 2,
    failing: false,
    headroom: 120,
    quarantined: false,
  });
});

test("later, they are those of the time between", () => {
  const later = statistics("digits", {
    success: 130,
    fail: 12,
    runs: 80,
    hits: 25,
    misses: 75,
    ranges: [80, 50, 0],
  });
  const [of] = figuresOf({ at: 5000, models: [later] }, { at: 0, models: [whole] });
  expect(of).toMatchObject({
    requestsPerSecond: 8,
    p50Ms: 0.5,
    rowsPerRun: 2,
    waitMs: 3,
    cacheHits: undefined,
    failed: 12,
    failing: true,
  });
  const [quiet] = figuresOf({ at: 5000, models: [whole] }, { at: 0, models: [whole] });
  expect(quiet).toMatchObject({ requestsPerSecond: 0, p50Ms: undefined, waitMs: undefined });
});

test("a version that was loaded anew in between is looked at as if for the first time", () => {
  const anew = statistics("digits", { success: 3, runs: 3, ranges: [3, 0, 0] });
  const [of] = figuresOf({ at: 5000, models: [anew] }, { at: 0, models: [whole] });
  expect(of).toMatchObject({ requestsPerSecond: 7, rowsPerRun: 2, failing: false });
});

test("a server that tells no more than Triton does is shown as far as it goes", () => {
  const bare = { ...whole, activity: undefined, memoryUsage: [] };
  const looks = [
    { at: 0, models: [bare] },
    { at: 1000, models: [{ ...bare }] },
  ] as const;
  expect(figuresOf(looks[0])[0]).toMatchObject({ requestsPerSecond: undefined, waitMs: 3 });
  expect(figuresOf(looks[1], looks[0])[0]).toMatchObject({ requestsPerSecond: 0 });
  expect(frame([{ address: "a:1", models: figuresOf(looks[0]) }], plain)).toEqual([
    "MODEL    VERSION   REQ/S   P50   P99      WAIT   QUEUED   BATCH   MEMORY   CACHE   FAILED   HEADROOM",
    "digits         1       –     –     –   3.00 ms        –     4.0        –    25 %        2          –",
  ]);
});

test("the busiest comes first, of all replicas; who does not answer is told of below", () => {
  const busy = { ...statistics("busy"), activity: { ...whole.activity!, requestRate: 1234.5 } };
  const idle = { ...statistics("\x1b[31midle"), activity: { ...whole.activity!, requestRate: 0 } };
  const lines = frame(
    [
      { address: "a:1", models: figuresOf({ at: 0, models: [idle, whole] }) },
      { address: "b:1", models: figuresOf({ at: 0, models: [busy] }) },
      { address: "c:1", models: [], fault: "nobody there" },
    ],
    plain,
  );
  expect(lines.map((line) => line.split(/ {2,}/).slice(0, 4).join(" | "))).toEqual([
    "MODEL | VERSION | REQ/S | P50",
    "busy | 1 | 1,235 | 1.00 ms",
    "digits | 1 | 7.0 | 1.00 ms",
    "\ufffd[31midle | 1 | 0 | 1.00 ms",
    "c:1 | nobody there",
  ]);
  expect(lines[1]).toMatch(/ b:1$/);
  expect(frame([{ address: "a:1", models: [] }], plain)).toEqual(["No models are served."]);
});
