import { totalmem } from "node:os";
import { createTelemetry } from "@amaas/telemetry";
import { expect, test } from "vitest";
import { showMachine, utilization } from "./machine-metrics.ts";

test("the cores' share is that since the page before, and a page that follows at once repeats it", () => {
  let [busy, all, now] = [30, 100, 0];
  const share = utilization(
    () => ({ busy, all }),
    () => now,
  );
  expect(share()).toBeCloseTo(0.3);
  [busy, all, now] = [40, 140, 1000];
  expect(share()).toBeCloseTo(0.25);
  [busy, all, now] = [41, 141, 1100];
  expect(share()).toBeCloseTo(0.25);
});

test("the machine's memory is that which may be used", async () => {
  const { metrics } = createTelemetry({ service: "a", instance: "b", level: "silent", env: {} });
  showMachine(metrics);
  const { pieces } = await metrics.exposition();
  const body = [...pieces].join("");
  const figure = (name: string) => Number(new RegExp(`^${name} (.*)$`, "m").exec(body)?.[1]);
  const total = figure("nv_cpu_memory_total_bytes");
  expect(total).toBeGreaterThan(0);
  expect(total).toBeLessThanOrEqual(totalmem());
  expect(figure("nv_cpu_memory_used_bytes")).toBeGreaterThan(0);
  expect(figure("nv_cpu_memory_used_bytes")).toBeLessThanOrEqual(total);
  expect(figure("nv_cpu_utilization")).toBeGreaterThanOrEqual(0);
  expect(figure("nv_cpu_utilization")).toBeLessThanOrEqual(1);
});
