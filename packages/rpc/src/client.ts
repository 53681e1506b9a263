/**
 * A typed client of one service.
 *
 * Unary and client-streaming calls are promises, the others async iterables; a request may leave
 * fields out. Unary calls have a deadline and are tried again while the server is unavailable.
 * Clients of one address share a connection, which comes back by itself after the server did.
 */
import { DomainError, errorMessage, isDomainError } from "@amaas/errors";
import type { Attributes, Telemetry } from "@amaas/telemetry";
import { Channel, type ChannelOptions } from "@grpc/grpc-js";
import { type CallParts, ClientCall } from "./call.ts";
import { decode, encoder, malformedResponse } from "./codec.ts";
import type { CallOptions, Client, MethodDefinition, ServiceDefinition } from "./definition.ts";
import { streamWindow } from "./flow-control.ts";
import type { Encoded } from "./gather-writer.ts";
import { Inbound } from "./inbound.ts";
import { type Observed, type Observer, observeClient, serverAttributes } from "./instrument.ts";
import { retrying } from "./retry.ts";
import { type ClientTls, clientCredentials } from "./tls.ts";

export interface ClientOptions {
  readonly telemetry: Telemetry;
  /** For unary calls; 30 seconds. */
  readonly deadlineMs?: number;
  /** Whether unary calls are tried again while the server is unavailable; they are. */
  readonly retry?: boolean;
  /** A larger message ends its call with resource-exhausted; 64 MiB. */
  readonly maxReceiveBytes?: number;
  /** How often the connection is checked; a server is given up half that time after; 10 seconds. */
  readonly keepaliveMs?: number;
  /**
   * `load`: calls go to all servers that the address stands for, to each as many as it says it can take
   * (xds.service.orca.v3.OpenRcaService), in turns where they do not say. Otherwise they go to the first
   * that is reached.
   */
  readonly balance?: "load";
  readonly tls?: ClientTls;
}

/** `address` is `host:port`, or any that gRPC resolves: `dns:///name:port`, `ipv4:10.0.0.1:8001,10.0.0.2:8001`. */
export function createClient<D extends ServiceDefinition>(
  definition: D,
  address: string,
  options: ClientOptions,
): Client<D> {
  const caller = new Caller(address, options);
  const methods = Object.entries(definition.methods).map(([key, method]) => {
    const path = `${definition.fullName}/${method.name}`;
    const known = { path, definition: method, encode: requestEncoder(method) };
    return [key, (request: unknown, given?: CallOptions) => caller.call(known, request, given)];
  });
  // Made from the definition that the type is made from.
  return { ...Object.fromEntries(methods), close: () => caller.close() } as Client<D>;
}

interface Method {
  /** `<package>.<Service>/<Method>` */
  readonly path: string;
  readonly definition: MethodDefinition;
  readonly encode: (request: unknown) => Encoded;
}

interface Call {
  readonly method: Method;
  readonly request: unknown;
  readonly options: CallOptions;
  readonly observed: Observed;
}

class Caller {
  readonly #channel: Channel;
  readonly #options: ClientOptions;
  readonly #observer: Observer;
  readonly #where: Attributes;
  readonly #inFlight = new Set<ClientCall>();
  readonly #closing = new AbortController();

  constructor(address: string, options: ClientOptions) {
    this.#options = options;
    this.#observer = observeClient(options.telemetry);
    this.#where = serverAttributes(address);
    this.#channel = new Channel(address, clientCredentials(options.tls), channelOptions(options));
  }

  call(method: Method, request: unknown, options: CallOptions = {}): unknown {
    const observed = this.#observer.begin(method.path, options.traceparent, this.#where);
    const call = { method, request, options, observed };
    return method.definition.responseStream ? this.#stream(call) : this.#single(call);
  }

  close(): void {
    this.#closing.abort();
    for (const call of this.#inFlight) call.cancel(closed());
    this.#channel.close();
  }

  /** A call with one answer. */
  async #single(call: Call): Promise<unknown> {
    const { method, options, observed } = call;
    const unary = !method.definition.requestStream;
    const { deadlineMs = 30_000, retry = true } = this.#options;
    const deadline = deadlineOf(options.deadlineMs ?? (unary ? deadlineMs : undefined));
    const attempt = () => this.#attempt(call, deadline);
    try {
      const answer = await (unary && (options.retry ?? retry)
        ? retrying(attempt, {
            deadline,
            busy: options.retryBusy ?? false,
            signals: [this.#closing.signal, ...(options.signal ? [options.signal] : [])],
            onRetry: ({ message }, attempts) => observed.span.event("retry", { attempts, message }),
          })
        : attempt());
      observed.end();
      return answer;
    } catch (error) {
      observed.end(asDomainError(error));
      throw error;
    }
  }

  #attempt(call: Call, deadline: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      let answer: Uint8Array | undefined;
      const opened = this.#open(call, deadline, {
        onMessage(bytes) {
          if (answer !== undefined) return opened.cancel(malformedResponse("there are two"));
          answer = bytes;
          opened.read();
        },
        onEnd(error) {
          if (error !== undefined) return reject(error);
          if (answer === undefined) return reject(malformedResponse("there is none"));
          try {
            resolve(decode(call.method.definition.responseType, answer, malformedResponse));
          } catch (fault) {
            reject(fault);
          }
        },
      });
      opened.read();
    });
  }

  #stream(call: Call): AsyncIterableIterator<unknown> {
    const { responseType } = call.method.definition;
    let opened: ClientCall | undefined;
    const responses = new Inbound<unknown>({
      read: () => opened?.read(),
      decode: (bytes) => decode(responseType, bytes, malformedResponse),
      left: (fault) => opened?.cancel(fault ?? new DomainError("cancelled", "the caller left")),
    });
    const end = (error: unknown) => {
      responses.end(error as Error | undefined);
      call.observed.end(error === undefined ? undefined : asDomainError(error));
    };
    try {
      opened = this.#open(call, deadlineOf(call.options.deadlineMs), {
        onMessage: (bytes) => responses.receive(bytes),
        onEnd: end,
      });
      responses.read();
    } catch (error) {
      end(error);
    }
    return responses;
  }

  #open(
    { method, request, options, observed }: Call,
    deadline: number,
    listener: Pick<CallParts, "onMessage" | "onEnd">,
  ): ClientCall {
    if (this.#closing.signal.aborted) throw closed();
    const call = new ClientCall({
      channel: this.#channel,
      path: `/${method.path}`,
      deadline,
      metadata: options.metadata ?? {},
      traceparent: observed.span.traceparent,
      signal: options.signal,
      onMessage: listener.onMessage,
      onEnd: (error) => {
        this.#inFlight.delete(call);
        listener.onEnd(error);
      },
    });
    this.#inFlight.add(call);
    call.start();
    const { requestStream } = method.definition;
    void call.sendAll(requestStream ? (request as Iterable<unknown>) : [request], method.encode);
    return call;
  }
}

function channelOptions(options: ClientOptions): ChannelOptions {
  const { maxReceiveBytes, keepaliveMs = 10_000, balance } = options;
  const mebibyte = 1024 * 1024;
  return {
    "grpc.max_receive_message_length": maxReceiveBytes ?? 64 * mebibyte,
    "grpc.max_send_message_length": -1,
    "grpc.keepalive_time_ms": keepaliveMs,
    "grpc.keepalive_timeout_ms": keepaliveMs / 2,
    "grpc.keepalive_permit_without_calls": 1,
    // A service that was killed is back within a second or two.
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 500,
    "grpc.dns_min_time_between_resolutions_ms": 1_000,
    "grpc-node.flow_control_window": 4 * streamWindow,
    // Nothing is kept to be sent again: a buffered message would count as sent, so that a stream
    // of small ones would neither feel the peer's pace nor let the event loop turn.
    "grpc.enable_retries": 0,
    "grpc.per_rpc_retry_buffer_size": 0,
    // Addresses are ours, so neither a proxy nor a name's TXT records are asked.
    "grpc.enable_http_proxy": 0,
    "grpc.service_config_disable_resolution": 1,
    "grpc.enable_channelz": 0,
    ...(balance === "load" && { "grpc.service_config": byLoad }),
  };
}

/** Reports are asked for beside the calls, so that servers with few of them are known as well. */
const byLoad = JSON.stringify({
  loadBalancingConfig: [
    {
      weighted_round_robin: {
        enable_oob_load_report: true,
        oob_load_reporting_period: "1s",
        blackout_period: "1s",
        weight_update_period: "1s",
      },
    },
  ],
});

/** A request may leave fields out. */
function requestEncoder({ requestType }: MethodDefinition): (request: unknown) => Encoded {
  const encode = encoder(requestType);
  return (request) => {
    try {
      return encode(requestType.fromPartial(request));
    } catch (error) {
      const message = `the request cannot be sent: ${errorMessage(error)}`;
      throw new DomainError("invalid-argument", message, { cause: error });
    }
  };
}

function deadlineOf(ms: number | undefined): number {
  return ms === undefined ? Number.POSITIVE_INFINITY : Date.now() + ms;
}

function closed(): DomainError {
  return new DomainError("cancelled", "the client was closed");
}

/** What the caller's own requests throw reaches the caller as it is, and the span as this. */
function asDomainError(error: unknown): DomainError {
  return isDomainError(error)
    ? error
    : new DomainError("cancelled", errorMessage(error), { cause: error });
}
