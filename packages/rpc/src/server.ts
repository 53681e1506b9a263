/**
 * A gRPC server: the services it is given, health and reflection, on one port.
 *
 * Everything a peer can grow has a limit: message size, messages that have been begun, streams per
 * connection, a connection's age. A dead peer is noticed by keepalive pings.
 */
import type { Http2Session, IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { nullTelemetry, SparingLog, type Telemetry } from "@amaas/telemetry";
import { decode, encoder, malformedRequest } from "./codec.ts";
import { peerOf, tend } from "./connection.ts";
import type { Context } from "./context.ts";
import { drain } from "./drain.ts";
import { streamWindow } from "./flow-control.ts";
import { healthOf } from "./health.ts";
import type { Implementation } from "./implement.ts";
import { InFlight } from "./in-flight.ts";
import { observeServer } from "./instrument.ts";
import { Listener } from "./listener.ts";
import { reflectionOf } from "./reflection.ts";
import { type ServedMethod, ServerCall, type ServerParts } from "./serve.ts";
import { ServerStream, type StreamLimits } from "./server-stream.ts";
import { unimplemented } from "./status.ts";
import { createHttp2Server, type ServerTls } from "./tls.ts";
import { Unfinished } from "./unfinished.ts";

export interface ServerOptions {
  readonly telemetry: Telemetry;
  readonly services: readonly Implementation[];
  /** A larger message ends its call with resource-exhausted; 64 MiB. */
  readonly maxReceiveBytes?: number;
  /** Of all messages together that have not come in whole; what would be more is refused; 512 MiB. */
  readonly maxUnfinishedBytes?: number;
  /** For each connection; 1024. */
  readonly maxConcurrentStreams?: number;
  /** New calls go over a new connection after that, calls in flight go on; 30 minutes. */
  readonly maxConnectionAgeMs?: number;
  /** How often a connection is checked; a peer is given up half that time after; 10 seconds. */
  readonly keepaliveMs?: number;
  readonly tls?: ServerTls;
}

export interface RpcServer {
  /** The port, which is a free one where 0 was asked for. */
  listen(host: string, port: number): Promise<number>;
  /** What health checks answer for a service, "" being all of them. */
  setServing(service: string, serving: boolean): void;
  /** Says NOT_SERVING, takes no new calls, waits for those in flight and ends the rest after `ms`. */
  drain(ms: number): Promise<void>;
  /** The same without waiting; cuts a drain short. */
  close(): Promise<void>;
}

const mebibyte = 1024 * 1024;

/** To health and reflection, which ask by names; a watch keeps its question as long as it lasts. */
const mostOfAQuestion = 16 * 1024;

export function createServer(options: ServerOptions): RpcServer {
  const { telemetry, services, keepaliveMs = 10_000 } = options;
  const limits: StreamLimits = {
    messageBytes: options.maxReceiveBytes ?? 64 * mebibyte,
    unfinished: new Unfinished(options.maxUnfinishedBytes ?? 512 * mebibyte),
  };
  const parts: ServerParts = {
    telemetry,
    faults: new SparingLog(telemetry.log),
    observer: observeServer(telemetry),
    inFlight: new InFlight(),
    limits,
  };
  // Whoever only watches the health holds up no drain, and is no traffic.
  const silent = nullTelemetry();
  const standard: ServerParts = {
    telemetry: silent,
    faults: new SparingLog(silent.log),
    observer: observeServer(silent),
    inFlight: new InFlight(),
    limits: { ...limits, messageBytes: mostOfAQuestion },
  };
  const health = healthOf(services);
  const routes = new Map<string, Route>();
  add(routes, methodsOf(services), parts);
  add(routes, [...health.methods, ...reflectionOf(services)], standard);

  const http2 = createHttp2Server(options.tls, {
    settings: {
      maxConcurrentStreams: options.maxConcurrentStreams ?? 1024,
      initialWindowSize: streamWindow,
    },
    // What its streams hold is limited by their number and their windows.
    maxSessionMemory: Number.MAX_SAFE_INTEGER,
    maxSendHeaderBlockLength: Number.MAX_SAFE_INTEGER,
  });
  const sessions = new Set<Http2Session>();
  const age = { keepaliveMs, maxAgeMs: options.maxConnectionAgeMs ?? 30 * 60_000 };
  http2.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    tend(session, age);
  });
  http2.on("stream", (stream, headers) => serve(stream, headers, routes, parts));
  const listener = new Listener((socket) => void http2.emit("connection", socket));
  const hurry = new AbortController();
  let drained: Promise<void> | undefined;
  const drainFor = (ms: number): Promise<void> => {
    health.setServing("", false);
    drained ??= drain(sessions, listener, parts.inFlight, ms, hurry.signal);
    return drained;
  };
  return {
    listen: (host, port) => listener.listen(host, port),
    setServing: (service, serving) => health.setServing(service, serving),
    drain: drainFor,
    close() {
      hurry.abort();
      return drainFor(0);
    },
  };
}

interface Route {
  readonly method: ServedMethod;
  readonly parts: ServerParts;
}

function add(
  routes: Map<string, Route>,
  methods: readonly ServedMethod[],
  parts: ServerParts,
): void {
  for (const method of methods) {
    const path = `/${method.path}`;
    if (routes.has(path)) throw new Error(`the method ${path} is served twice`);
    routes.set(path, { method, parts });
  }
}

function serve(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  routes: ReadonlyMap<string, Route>,
  parts: ServerParts,
): void {
  // What has gone wrong is told by the stream's end, too.
  stream.on("error", ignore);
  const refusal = refusalOf(headers);
  if (refusal !== undefined) {
    stream.respond({ ":status": refusal }, { endStream: true });
    return;
  }
  const path = headers[":path"] ?? "";
  const route = routes.get(path);
  const call = new ServerStream(stream, headers, (route?.parts ?? parts).limits);
  if (route === undefined) call.finish(unimplemented(path));
  else new ServerCall(call, route.method, route.parts, headers, peerOf(stream.session));
}

/** What is no gRPC is answered in HTTP. */
function refusalOf(headers: IncomingHttpHeaders): number | undefined {
  if (headers[":method"] !== "POST") return 405;
  return headers["content-type"]?.startsWith("application/grpc") ? undefined : 415;
}

function ignore(): void {}

function methodsOf(services: readonly Implementation[]): ServedMethod[] {
  return services.flatMap(({ definition, handlers }) =>
    Object.entries(definition.methods).map(([key, method]) => ({
      path: `${definition.fullName}/${method.name}`,
      requestStream: method.requestStream,
      responseStream: method.responseStream,
      decode: (bytes: Uint8Array) => decode(method.requestType, bytes, malformedRequest),
      encode: encoder(method.responseType),
      // The request is what the method's own decoder made, so it has the handler's type.
      handle: (request: unknown, context: Context) => handlers[key]!(request as never, context),
    })),
  );
}
