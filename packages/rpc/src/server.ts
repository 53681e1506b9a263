/**
 * A gRPC server: the services it is given, health and reflection, on one port.
 *
 * Everything a peer can grow has a limit: message size, streams per connection, a connection's
 * age. A dead peer is noticed by keepalive pings.
 */
import type { Telemetry } from "@amaas/telemetry";
import { Server, ServerInterceptingCall, type ServerInterceptor } from "@grpc/grpc-js";
import { encoder } from "./codec.ts";
import { drain } from "./drain.ts";
import { widenServerWindows } from "./flow-control.ts";
import { addHealth } from "./health.ts";
import type { Implementation } from "./implement.ts";
import { InFlight } from "./in-flight.ts";
import { observeServer } from "./instrument.ts";
import { Listener } from "./listener.ts";
import { addReflection } from "./reflection.ts";
import { type ServedMethod, type ServerParts, serveCall } from "./serve.ts";
import { type ServerTls, serverCredentials } from "./tls.ts";

export interface ServerOptions {
  readonly telemetry: Telemetry;
  readonly services: readonly Implementation[];
  /** A larger message ends its call with resource-exhausted; 64 MiB. */
  readonly maxReceiveBytes?: number;
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

export function createServer(options: ServerOptions): RpcServer {
  const { telemetry, services, keepaliveMs = 10_000 } = options;
  const parts: ServerParts = {
    telemetry,
    observer: observeServer(telemetry),
    inFlight: new InFlight(),
  };
  const methods = methodsOf(services);
  widenServerWindows();
  const server = new Server({
    "grpc.max_receive_message_length": options.maxReceiveBytes ?? 64 * mebibyte,
    "grpc.max_send_message_length": -1,
    "grpc.max_concurrent_streams": options.maxConcurrentStreams ?? 1024,
    "grpc.max_connection_age_ms": options.maxConnectionAgeMs ?? 30 * 60_000,
    "grpc.keepalive_time_ms": keepaliveMs,
    "grpc.keepalive_timeout_ms": keepaliveMs / 2,
    "grpc.enable_channelz": 0,
    interceptors: [takeover(methods, parts)],
  });
  for (const path of methods.keys()) register(server, path);
  const health = addHealth(server, services);
  addReflection(server, services);

  const listener = new Listener(server.createConnectionInjector(serverCredentials(options.tls)));
  const hurry = new AbortController();
  let drained: Promise<void> | undefined;
  const drainFor = (ms: number): Promise<void> => {
    health.setServing("", false);
    drained ??= drain(server, listener, parts.inFlight, ms, hurry.signal);
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

function methodsOf(services: readonly Implementation[]): Map<string, ServedMethod> {
  const methods = new Map<string, ServedMethod>();
  for (const { definition, handlers } of services) {
    for (const [key, method] of Object.entries(definition.methods)) {
      const path = `${definition.fullName}/${method.name}`;
      methods.set(`/${path}`, {
        path,
        definition: method,
        encode: encoder(method.responseType),
        // The request is what the method's own decoder made, so it has the handler's type.
        handle: (request, context) => handlers[key]!(request as never, context),
      });
    }
  }
  return methods;
}

/** Makes the path known; the interceptor takes the call before the handler is reached. */
function register(server: Server, path: string): void {
  const same = (bytes: Buffer) => bytes;
  if (!server.register(path, () => {}, same, same, "bidi"))
    throw new Error(`the method ${path} is served twice`);
}

/** Hands calls to us in the place of grpc-js' own streams, which would put two more queues on the way. */
function takeover(
  methods: ReadonlyMap<string, ServedMethod>,
  parts: ServerParts,
): ServerInterceptor {
  return ({ path }, next) => {
    const method = methods.get(path);
    // Health and reflection have handlers of their own.
    if (method === undefined) return new ServerInterceptingCall(next);
    return new TakenCall(next, () => serveCall(next, method, parts));
  };
}

class TakenCall extends ServerInterceptingCall {
  readonly #serve: () => void;

  constructor(next: ConstructorParameters<typeof ServerInterceptingCall>[0], serve: () => void) {
    super(next);
    this.#serve = serve;
  }

  override start(): void {
    this.#serve();
  }
}
