/**
 * The spans and metrics of HTTP requests, by OpenTelemetry's semantic conventions for HTTP servers.
 *
 * Here is the only place that knows their names. A span fails for statuses from 500 on, which are the server's fault.
 */
import type { IncomingMessage } from "node:http";
import {
  callSeconds,
  Distribution,
  type Span,
  type Spread,
  type Telemetry,
} from "@amaas/telemetry";

const known = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** One request under observation. */
export interface Observed {
  readonly span: Span;
  /** `error` is what the fault was where there was one. */
  end(status: number, error?: Error): void;
}

export type ObserveRequest = (request: IncomingMessage, route: string | undefined) => Observed;

export function observeRequests({ metrics, tracer }: Telemetry): ObserveRequest {
  const active = new Map<string, number>();
  const durations = new Map<string, Spread>();
  const count = (method: string, change: number) =>
    active.set(method, (active.get(method) ?? 0) + change);
  metrics.read({
    name: "http_server_active_requests",
    help: "Requests being answered",
    type: "gauge",
    *read() {
      for (const [method, value] of active)
        yield { labels: { http_request_method: method }, value };
    },
  });
  metrics.read({
    name: "http_server_request_duration_seconds",
    help: "Time from a request's arrival to the end of its answer",
    type: "histogram",
    read: () => durations.values(),
  });
  return (request, route = "") => {
    const started = performance.now();
    // Methods and paths are the caller's to choose: what is unknown must not become labels.
    const method = known.has(request.method ?? "") ? request.method! : "_OTHER";
    const { remoteAddress, remotePort } = request.socket;
    // The parent is the caller's span or none, never what happens to be active here.
    const parent = request.headers.traceparent;
    const span = tracer.start(route === "" ? method : `${method} ${route}`, {
      kind: "server",
      parent: typeof parent === "string" ? parent : "",
      attributes: {
        "http.request.method": method,
        "http.route": route === "" ? undefined : route,
        "url.path": pathOf(request),
        "url.scheme": "http",
        "network.peer.address": remoteAddress,
        "network.peer.port": remotePort,
        "user_agent.original": request.headers["user-agent"],
      },
    });
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
        const seconds = (performance.now() - started) / 1000;
        spreadOf(durations, method, route, status).distribution.observe(
          seconds,
          span.traceparent,
          Date.now(),
        );
      },
    };
  };
}

export function pathOf({ url = "/" }: IncomingMessage): string {
  const end = url.indexOf("?");
  return end === -1 ? url : url.slice(0, end);
}

function spreadOf(
  durations: Map<string, Spread>,
  method: string,
  route: string,
  status: number,
): Spread {
  const key = `${method} ${route} ${status}`;
  const found = durations.get(key);
  if (found) return found;
  const made = {
    labels: { http_request_method: method, http_route: route, http_response_status_code: status },
    distribution: new Distribution(callSeconds),
  };
  durations.set(key, made);
  return made;
}
