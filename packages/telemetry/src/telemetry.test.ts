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
  const { contentType, pieces } = await metrics.exposition(
    "application/openmetrics-text;version=1.0.0,text/plain;q=0.5",
  );
  const body = [...pieces].join("");
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

test("a scraper that does not ask for OpenMetrics gets the older text, each counter under its name", async () => {
  const { metrics } = fresh().telemetry;
  metrics.counter("amaas_test_jobs_total", "Jobs", ["state"]).add(1, { state: 'a # {b="c"} 1 2' });
  metrics.counter("nv_test_requests", "Requests").add(2);
  metrics.gauge("amaas_test_requests_total_bytes", "Bytes").set(3);
  metrics.histogram("amaas_test_wait_seconds", "Wait", { buckets: [1] }).observe(0.5, {}, "4bf9");
  // Once in the newer form, which must not change the names.
  await metrics.exposition("application/openmetrics-text");
  const { contentType, pieces } = await metrics.exposition("text/html, */*");
  const body = [...pieces].join("");
  expect(contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
  const own = body.split("\n").filter((line) => line.includes("_test_"));
  expect(own).toEqual([
    "# HELP amaas_test_jobs_total Jobs",
    "# TYPE amaas_test_jobs_total counter",
    'amaas_test_jobs_total{state="a # {b=\\"c\\"} 1 2"} 1',
    "# HELP nv_test_requests Requests",
    "# TYPE nv_test_requests counter",
    "nv_test_requests 2",
    "# HELP amaas_test_requests_total_bytes Bytes",
    "# TYPE amaas_test_requests_total_bytes gauge",
    "amaas_test_requests_total_bytes 3",
    "# HELP amaas_test_wait_seconds Wait",
    "# TYPE amaas_test_wait_seconds histogram",
    'amaas_test_wait_seconds_bucket{le="1"} 1',
    'amaas_test_wait_seconds_bucket{le="+Inf"} 1',
    "amaas_test_wait_seconds_sum 0.5",
    "amaas_test_wait_seconds_count 1",
  ]);
  expect(body).toContain("\nprocess_cpu_seconds_total ");
  expect(body).not.toContain("# EOF");
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
