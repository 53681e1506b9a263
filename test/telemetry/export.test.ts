/** Spans arrive at an OTLP collector over HTTP, with exactly the ids that went over the wire. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createTelemetry } from "@amaas/telemetry";
import { afterEach, expect, test } from "vitest";

const remote = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

afterEach(() => {
  delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
});

test("a span, and one reserved by another process, are exported under their ids", async () => {
  const collector = await startCollector();
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = collector.url;
  const telemetry = createTelemetry({
    service: "scheduler",
    instance: "scheduler-1",
    level: "silent",
  });
  const reserved = telemetry.tracer.reserve(remote);
  telemetry.tracer.record(reserved, {
    name: "job.train",
    parent: remote,
    start: 1_000,
    end: 2_000,
    attributes: { job: "job_1" },
    error: "lost",
  });
  const live = await telemetry.tracer.span(
    "live",
    { parent: reserved },
    (span) => span.traceparent,
  );
  await telemetry.shutdown();
  await collector.close();

  const body = Buffer.concat(collector.bodies);
  expect(collector.paths).toEqual(["/v1/traces"]);
  for (const text of ["job.train", "job_1", "lost", "live", "service.name", "scheduler-1"])
    expect(body.includes(text), text).toBe(true);
  // Span: trace_id = 1, span_id = 2, parent_span_id = 4.
  expect(
    body.includes(field(1, traceIdOf(reserved)) + field(2, spanIdOf(reserved)), "latin1"),
  ).toBe(true);
  expect(body.includes(field(2, spanIdOf(live)), "latin1")).toBe(true);
  expect(body.includes(field(4, spanIdOf(remote)), "latin1")).toBe(true);
  expect(body.includes(field(4, spanIdOf(reserved)), "latin1")).toBe(true);
});

test("a collector that is down costs a log line, not the service", async () => {
  const collector = await startCollector();
  await collector.close();
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = collector.url;
  const lines: string[] = [];
  const telemetry = createTelemetry({
    service: "scheduler",
    instance: "scheduler-1",
    destination: { write: (line) => void lines.push(line) },
  });
  await telemetry.tracer.span("work", {}, () => {});
  await telemetry.shutdown();
});

const traceIdOf = (traceparent: string) => traceparent.split("-")[1] ?? "";
const spanIdOf = (traceparent: string) => traceparent.split("-")[2] ?? "";

/** A length-delimited protobuf field, as a latin1 string. */
function field(number: number, hex: string): string {
  const bytes = Buffer.from(hex, "hex");
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]).toString("latin1");
}

async function startCollector() {
  const bodies: Buffer[] = [];
  const paths: (string | undefined)[] = [];
  const server = createServer(async (request, response) => {
    paths.push(request.url);
    for await (const chunk of request) bodies.push(chunk);
    response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return { bodies, paths, url: `http://127.0.0.1:${port}`, close };
}
