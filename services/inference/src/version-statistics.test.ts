import { createTelemetry } from "@amaas/telemetry";
import { expect, test } from "vitest";
import { createEvents } from "./events.ts";
import { Statistics } from "./statistics.ts";
import { type Execution, VersionStatistics } from "./version-statistics.ts";

const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const execution: Execution = {
  id: 1,
  rows: 5,
  padding: 3,
  requests: 2,
  closedBy: "full",
  instance: 0,
  startedAt: 0,
  inputMs: 1,
  inferMs: 10,
  outputMs: 2,
};
const asked = { queuedMs: 4, totalMs: 20, cacheMs: 0, traceparent };

test("a batch is one run; each of its requests has the run's times", () => {
  const of = new VersionStatistics("digits", "3");
  of.executed(execution);
  of.answered({ ...asked, rows: 2, execution, cache: "miss", cacheMs: 0.5 });
  of.answered({ ...asked, rows: 3, execution, cache: "off" });
  expect(of).toMatchObject({
    inferences: 5,
    executions: 1,
    padding: 3,
    success: { count: 2, ms: 40 },
    queue: { count: 2, ms: 8 },
    computeInput: { count: 2, ms: 2 },
    computeInfer: { count: 2, ms: 20 },
    computeOutput: { count: 2, ms: 4 },
    cacheMiss: { count: 1, ms: 0.5 },
    cacheHit: { count: 0 },
  });
  expect([...of.batches]).toEqual([[5, { count: 1, inputMs: 1, inferMs: 10, outputMs: 2 }]]);
  expect([...of.closedBy]).toEqual([["full", 1]]);
  expect(of.lastInference).toBeGreaterThan(Date.now() - 60_000);
});

test("what the cache answers is a success and no inference", () => {
  const of = new VersionStatistics("digits", "3");
  of.answered({ ...asked, rows: 2, execution: undefined, cache: "hit", cacheMs: 0.1 });
  of.answered({ ...asked, rows: 2, execution: undefined, cache: "coalesced" });
  expect(of).toMatchObject({
    inferences: 0,
    executions: 0,
    lastInference: 0,
    success: { count: 2 },
    queue: { count: 2 },
    computeInfer: { count: 0, ms: 0 },
    cacheHit: { count: 2, ms: 0.1 },
  });
});

test("endlessly many sizes take bounded room, and no run is lost", () => {
  const of = new VersionStatistics("digits", "3");
  for (let rows = 1; rows <= 5000; rows++) of.executed({ ...execution, rows });
  expect(of.batches.size).toBeLessThanOrEqual(513);
  expect([...of.batches.values()].reduce((sum, { count }) => sum + count, 0)).toBe(5000);
  expect(of.batches.get(1)?.count).toBe(1);
});

test("statistics outlive a reload, and not the last user of a version", () => {
  const all = new Statistics();
  const first = all.open("digits", "3");
  first.failed("not-found", 1, traceparent);
  const second = all.open("digits", "3");
  expect(second).toBe(first);
  all.close(first);
  expect([...all]).toEqual([second]);
  expect(all.of("digits")).toEqual([second]);
  all.close(second);
  expect([...all]).toEqual([]);
  expect(all.open("digits", "3").requests).toBe(0);
});

test("metrics say what the statistics say, and are gone with the version", async () => {
  const { metrics, ...telemetry } = createTelemetry({
    service: "inference",
    instance: "1",
    level: "silent",
    env: {},
  });
  const events = createEvents({ metrics, ...telemetry });
  const of = events.statistics.open('di"gits', "3");
  for (const sizes of [[1, 3], [2], [9, 9, 9], [4]]) {
    const rows = sizes.reduce((sum, count) => sum + count, 0);
    const whole = { ...execution, rows, requests: sizes.length };
    events.executed(of, whole, []);
    for (const count of sizes)
      events.inferred(of, { ...asked, rows: count, execution: whole, cache: "miss" });
    events.inferred(of, { ...asked, rows: 1, execution: undefined, cache: "hit" });
  }
  events.inferFailed(of, new Error("no"), 7, traceparent);

  const { pieces } = await metrics.exposition();
  const body = [...pieces].join("");
  const figure = (name: string, more = "") => {
    const series = `${name}{model="di\\"gits",version="3"${more}} `;
    const line = body.split("\n").find((text) => text.startsWith(series));
    return line === undefined ? undefined : Number(line.slice(series.length));
  };
  expect(figure("nv_inference_request_success")).toBe(11);
  expect(of.success.count).toBe(11);
  expect(figure("nv_inference_request_failure", ',reason="BACKEND"')).toBe(1);
  expect(of.fail.count).toBe(1);
  expect(figure("nv_inference_count")).toBe(37);
  expect(of.inferences).toBe(37);
  expect(figure("nv_inference_exec_count")).toBe(4);
  expect(of.executions).toBe(4);
  expect(figure("nv_inference_request_duration_us")).toBe(of.success.ms * 1000);
  expect(figure("nv_inference_compute_infer_duration_us")).toBe(of.computeInfer.ms * 1000);
  expect(figure("nv_cache_num_hits_per_model")).toBe(4);
  expect(of.computeInfer.count).toBe(of.success.count - of.cacheHit.count);
  expect(figure("amaas_inference_queue_seconds_count")).toBe(of.queue.count);
  expect(figure("amaas_inference_queue_seconds_sum")).toBeCloseTo(of.queue.ms / 1000, 9);
  expect(figure("amaas_inference_batch_rows_sum")).toBe(37);
  expect([...of.batches].reduce((sum, [rows, { count }]) => sum + rows * count, 0)).toBe(37);

  events.statistics.close(of);
  expect([...(await metrics.exposition()).pieces].join("")).not.toContain("gits");
});
