/**
 * The spans and metrics of HTTP requests, by OpenTelemetry's semantic conventions for HTTP servers.
 *
 * Here is the only place that knows their names. A span fails for statuses from 500 on, which are the server's fault.
 */
import type { IncomingMessage } from "node:http";
import { type Gauge, type Span, type Telemetry, traceIdOf } from "@amaas/telemetry";

/** The conventions' buckets, and finer ones below for calls within one machine. */
const buckets = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1,
  2.5, 5, 7.5, 10,
];

const known = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** One request under observation. */
export interface Observed {
  readonly span: Span;
  /** `error` is what the fault was where there was one. */
  end(status: number, error?: Error): void;
}

export type ObserveRequest = (request: IncomingMessage, route: string | undefined) => Observed;

export function observeRequests({ metrics, tracer }: Telemetry): ObserveRequest {
  const duration = metrics.histogram(
    "http_server_request_duration_seconds",
    "Time from a request's arrival to the end of its answer",
    {
      labels: ["http_request_method", "http_route", "http_response_status_code"],
      buckets,
    },
  );
  const active = metrics.gauge("http_server_active_requests", "Requests being answered", [
    "http_request_method",
  ]);
  const count = counter(active);
  return (request, route = "") => {
    const started = performance.now();
    // Methods and paths are the caller's to choose: what is unknown must not become labels.
    const method = known.has(request.method ?? "") ? request.method! : "_OTHER";
    const { remoteAddress, remotePort } = request.socket;
    // The parent is the caller's span or none, never what happens to be active here.
    const parent = request.headers.traceparent;
    const span = tracer.with(typeof parent === "string" ? parent : undefined, () =>
      tracer.start(route === "" ? method : `${method} ${route}`, {
        kind: "server",
        attributes: {
          "http.request.method": method,
          "http.route": route === "" ? undefined : route,
          "url.path": pathOf(request),
          "url.scheme": "http",
          "network.peer.address": remoteAddress,
          "network.peer.port": remotePort,
          "user_agent.original": request.headers["user-agent"],
        },
      }),
    );
    count(method, 1);
    return {
      span,
      end(status, error) {
        count(method, -1);
        const failed = status >= 500;
        span.set({
          "http.response.status_code": status,
          "error.type": failed ? String(status) : undefined,
        });
        if (failed) span.fail(error);
        span.end();
        duration.observe(
          (performance.now() - started) / 1000,
          { http_request_method: method, http_route: route, http_response_status_code: status },
          traceIdOf(span.traceparent),
        );
      },
    };
  };
}

export function pathOf({ url = "/" }: IncomingMessage): string {
  const end = url.indexOf("?");
  return end === -1 ? url : url.slice(0, end);
}

function counter(gauge: Gauge): (method: string, change: number) => void {
  const counts = new Map<string, number>();
  return (method, change) => {
    const now = (counts.get(method) ?? 0) + change;
    counts.set(method, now);
    gauge.set(now, { http_request_method: method });
  };
}
