/**
 * The spans and metrics of calls, by OpenTelemetry's semantic conventions for RPC.
 *
 * Here is the only place that knows their names. A span fails for every status but OK on the
 * client, and on the server only for those that are the server's fault.
 */
import type { DomainError, ErrorCode } from "@amaas/errors";
import {
  type Attributes,
  type Gauge,
  type Span,
  type Telemetry,
  traceIdOf,
} from "@amaas/telemetry";
import { statusName } from "./status.ts";

/** The conventions' buckets, and finer ones below for calls within one machine. */
const buckets = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1,
  2.5, 5, 7.5, 10,
];
const labels = ["rpc_method", "rpc_status_code"] as const;

const serverFaults: ReadonlySet<ErrorCode> = new Set([
  "unknown",
  "deadline-exceeded",
  "unimplemented",
  "internal",
  "unavailable",
  "data-loss",
]);

/** One call under observation. */
export interface Observed {
  readonly span: Span;
  end(error?: DomainError): void;
}

export interface Observer {
  /** `method` is `<package>.<Service>/<Method>`; without `parent` the active span is the parent. */
  begin(method: string, parent: string | undefined, attributes: Attributes): Observed;
}

export function observeServer(telemetry: Telemetry): Observer {
  const { metrics } = telemetry;
  const duration = metrics.histogram(
    "rpc_server_call_duration_seconds",
    "Time from a call's arrival to its end",
    { labels, buckets },
  );
  const inFlight = metrics.gauge("amaas_rpc_server_calls_in_flight", "Calls being answered", [
    "rpc_method",
  ]);
  const count = inFlightCounter(inFlight);
  return {
    begin(method, parent, attributes) {
      const started = performance.now();
      // The parent is the caller's span or none, never what happens to be active here.
      const span = telemetry.tracer.with(parent, () =>
        telemetry.tracer.start(method, {
          kind: "server",
          attributes: { "rpc.system.name": "grpc", "rpc.method": method, ...attributes },
        }),
      );
      count(method, 1);
      return {
        span,
        end(error) {
          count(method, -1);
          conclude(span, error, error !== undefined && serverFaults.has(error.code));
          observe(duration, method, started, error, span);
        },
      };
    },
  };
}

/** Sets the gauge once a turn of the event loop, however many calls come and go in it. */
function inFlightCounter(gauge: Gauge): (method: string, change: number) => void {
  const counts = new Map<string, number>();
  const changed = new Set<string>();
  const tell = () => {
    for (const method of changed) gauge.set(counts.get(method) ?? 0, { rpc_method: method });
    changed.clear();
  };
  return (method, change) => {
    counts.set(method, (counts.get(method) ?? 0) + change);
    if (changed.size === 0) setImmediate(tell);
    changed.add(method);
  };
}

export function observeClient(telemetry: Telemetry): Observer {
  const duration = telemetry.metrics.histogram(
    "rpc_client_call_duration_seconds",
    "Time from a call's start to its end, with all its attempts",
    { labels, buckets },
  );
  return {
    begin(method, parent, attributes) {
      const started = performance.now();
      const span = telemetry.tracer.start(method, {
        kind: "client",
        parent,
        attributes: { "rpc.system.name": "grpc", "rpc.method": method, ...attributes },
      });
      return {
        span,
        end(error) {
          conclude(span, error, error !== undefined);
          observe(duration, method, started, error, span);
        },
      };
    },
  };
}

function conclude(span: Span, error: DomainError | undefined, failed: boolean): void {
  const name = statusName(error?.code ?? "ok");
  span.set({ "rpc.status_code": name, "error.type": failed ? name : undefined });
  if (failed) span.fail(error);
  span.end();
}

function observe(
  duration: ReturnType<Telemetry["metrics"]["histogram"]>,
  method: string,
  started: number,
  error: DomainError | undefined,
  span: Span,
): void {
  const seconds = (performance.now() - started) / 1000;
  const on = { rpc_method: method, rpc_status_code: statusName(error?.code ?? "ok") };
  duration.observe(seconds, on, traceIdOf(span.traceparent));
}

/** Where the peer is, as span attributes. */
export function peerAttributes(peer: string): Attributes {
  const { host, port } = splitAddress(peer);
  return { "network.peer.address": host, "network.peer.port": port };
}

export function serverAttributes(address: string): Attributes {
  const { host, port } = splitAddress(address);
  return { "server.address": host, "server.port": port };
}

function splitAddress(address: string): { host: string; port: number | undefined } {
  const colon = address.lastIndexOf(":");
  const port = Number(address.slice(colon + 1));
  if (colon < 0 || !Number.isInteger(port)) return { host: address, port: undefined };
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ""), port };
}
