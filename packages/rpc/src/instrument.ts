/**
 * The spans and metrics of calls, by OpenTelemetry's semantic conventions for RPC.
 *
 * Here is the only place that knows their names. A span fails for every status but OK on the
 * client, and on the server only for those that are the server's fault.
 */
import type { DomainError, ErrorCode } from "@amaas/errors";
import {
  type Attributes,
  callSeconds,
  Distribution,
  type Span,
  type Telemetry,
} from "@amaas/telemetry";
import { statusName } from "./status.ts";

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
  const { metrics, tracer } = telemetry;
  const meters = metersOf(
    telemetry,
    "rpc_server_call_duration_seconds",
    "Time from a call's arrival to its end",
  );
  metrics.read({
    name: "amaas_rpc_server_calls_in_flight",
    help: "Calls being answered",
    type: "gauge",
    *read() {
      for (const { method, inFlight } of meters.values())
        yield { labels: { rpc_method: method }, value: inFlight };
    },
  });
  return {
    // The parent is the caller's span or none, never what happens to be active here.
    begin(method, parent = "", peer) {
      const meter = meters.of(method);
      const span = tracer.start(method, { kind: "server", parent, attributes: meter.attributes });
      if (tracer.records(span.traceparent)) span.set(peer);
      return new Observation(meter, span, serverFaults);
    },
  };
}

export function observeClient(telemetry: Telemetry): Observer {
  const meters = metersOf(
    telemetry,
    "rpc_client_call_duration_seconds",
    "Time from a call's start to its end, with all its attempts",
  );
  return {
    begin(method, parent, server) {
      const meter = meters.of(method);
      const attributes = { ...meter.attributes, ...server };
      const span = telemetry.tracer.start(method, { kind: "client", parent, attributes });
      return new Observation(meter, span, undefined);
    },
  };
}

/** What is counted of a method: nothing is looked up or allocated for a call but its observation. */
interface Meter {
  readonly method: string;
  readonly attributes: Attributes;
  inFlight: number;
  readonly durations: Map<ErrorCode | "ok", Distribution>;
}

interface Meters {
  of(method: string): Meter;
  values(): Iterable<Meter>;
}

/** Of one telemetry, however many servers or clients it has. */
const known = new WeakMap<Telemetry, Map<string, Meters>>();

function metersOf(telemetry: Telemetry, name: string, help: string): Meters {
  const others = known.get(telemetry) ?? new Map<string, Meters>();
  known.set(telemetry, others);
  const found = others.get(name);
  if (found !== undefined) return found;
  const meters = new Map<string, Meter>();
  telemetry.metrics.read({
    name,
    help,
    type: "histogram",
    *read() {
      for (const { method, durations } of meters.values())
        for (const [code, distribution] of durations)
          yield {
            labels: { rpc_method: method, rpc_status_code: statusName(code) },
            distribution,
          };
    },
  });
  const made: Meters = {
    values: () => meters.values(),
    of(method) {
      let meter = meters.get(method);
      if (meter === undefined) {
        const attributes = { "rpc.system.name": "grpc", "rpc.method": method };
        meter = { method, attributes, inFlight: 0, durations: new Map() };
        meters.set(method, meter);
      }
      return meter;
    },
  };
  others.set(name, made);
  return made;
}

class Observation implements Observed {
  readonly span: Span;
  readonly #meter: Meter;
  /** What fails the span; everything where it is undefined. */
  readonly #faults: ReadonlySet<ErrorCode> | undefined;
  readonly #started = performance.now();

  constructor(meter: Meter, span: Span, faults: ReadonlySet<ErrorCode> | undefined) {
    this.#meter = meter;
    this.span = span;
    this.#faults = faults;
    meter.inFlight += 1;
  }

  end(error?: DomainError): void {
    const { durations } = this.#meter;
    this.#meter.inFlight -= 1;
    const failed = error !== undefined && (this.#faults?.has(error.code) ?? true);
    conclude(this.span, error, failed);
    const code = error?.code ?? "ok";
    let distribution = durations.get(code);
    if (distribution === undefined) {
      distribution = new Distribution(callSeconds);
      durations.set(code, distribution);
    }
    const seconds = (performance.now() - this.#started) / 1000;
    distribution.observe(seconds, this.span.traceparent, Date.now());
  }
}

function conclude(span: Span, error: DomainError | undefined, failed: boolean): void {
  const name = statusName(error?.code ?? "ok");
  span.set({ "rpc.status_code": name, "error.type": failed ? name : undefined });
  if (failed) span.fail(error);
  span.end();
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
