import { expect, test } from "vitest";
import { createTelemetry } from "./index.ts";

const fresh = (env: NodeJS.ProcessEnv = {}) => {
  const lines: Record<string, unknown>[] = [];
  const telemetry = createTelemetry({
    service: "scheduler",
    instance: "scheduler-1",
    env,
    destination: { write: (line) => void lines.push(JSON.parse(line)) },
  });
  return { telemetry, lines };
};

test("a log line says who, when and what, and the trace it belongs to", async () => {
  const { telemetry, lines } = fresh();
  telemetry.log.child({ job: "job_1" }).info("job queued", { position: 2 });
  telemetry.log.debug("not shown at this level");
  const traceparent = await telemetry.tracer.span("work", {}, (span) => {
    telemetry.log.warn("inside");
    return span.traceparent;
  });
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatchObject({
    level: "info",
    service: "scheduler",
    instance: "scheduler-1",
    message: "job queued",
    job: "job_1",
    position: 2,
  });
  expect(Date.parse(String(lines[0]?.time))).toBeGreaterThan(Date.now() - 60_000);
  expect(lines[0]).not.toHaveProperty("trace_id");
  expect(traceparent).toBe(`00-${lines[1]?.trace_id}-${lines[1]?.span_id}-01`);
});

test("an error in a log line has its stack and its causes", () => {
  const { telemetry, lines } = fresh();
  const error = new Error("cannot write", { cause: new Error("disk full") });
  telemetry.log.error("failed", { error });
  expect(lines[0]).toMatchObject({
    level: "error",
    error: { type: "Error", message: "cannot write", cause: { message: "disk full" } },
  });
});

test("metrics come out as OpenMetrics text with exemplars and process figures", async () => {
  const { telemetry } = fresh();
  const { metrics } = telemetry;
  const jobs = metrics.counter("amaas_test_jobs_total", "Jobs", ["state"]);
  jobs.add(1, { state: "queued" });
  metrics.counter("amaas_test_jobs_total", "Jobs", ["state"]).add(2, { state: "queued" });
  metrics.gauge("amaas_test_nodes", "Nodes").set(3);
  const wait = metrics.histogram("amaas_test_wait_seconds", "Wait", { buckets: [1, 2] });
  wait.observe(1.5, {}, "4bf92f3577b34da6a3ce929d0e0e4736");
  wait.observe(0.5);
  const { contentType, body } = await metrics.exposition();
  expect(contentType).toContain("application/openmetrics-text");
  expect(body).toContain('amaas_test_jobs_total{state="queued"} 3\n');
  expect(body).toContain("amaas_test_nodes 3\n");
  expect(body).toMatch(
    /amaas_test_wait_seconds_bucket\{le="2"\} 2 # \{trace_id="4bf92f3577b34da6a3ce929d0e0e4736"\} 1\.5 /,
  );
  expect(body).toMatch(/amaas_test_wait_seconds_bucket\{le="1"\} 1\n/);
  expect(body).toContain("nodejs_eventloop_lag_p99_seconds");
  expect(body.endsWith("# EOF\n")).toBe(true);
});

test("a collector that is down neither fails nor delays the service", async () => {
  const { telemetry, lines } = fresh({
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9",
    OTEL_SDK_DISABLED: "true",
  });
  await telemetry.tracer.span("work", {}, () => {});
  await telemetry.shutdown();
  expect(lines).toEqual([]);
});
