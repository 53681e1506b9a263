/**
 * One call on the server: from its headers to its status.
 *
 * The handler is a plain function of a request, or of an async iterable of requests, and the
 * context; what it returns is sent, what it throws becomes the status. It is told through
 * `context.signal` when the caller leaves, the deadline passes or the server stops, and a
 * generator's `finally` runs then. The call counts as in flight until the handler has settled and
 * what it answered has been taken.
 */
import { DomainError, isDomainError } from "@amaas/errors";
import type { Telemetry } from "@amaas/telemetry";
import { type Metadata, type ServerInterceptingCallInterface, status } from "@grpc/grpc-js";
import { decode, malformedRequest } from "./codec.ts";
import { CallContext, type Context, firstOf } from "./context.ts";
import type { MethodDefinition } from "./definition.ts";
import { type Encoded, Gathered } from "./gather-writer.ts";
import type { InFlight } from "./in-flight.ts";
import { Inbound } from "./inbound.ts";
import { type Observed, type Observer, peerAttributes } from "./instrument.ts";
import { pump } from "./outbound.ts";
import { publicError, toStatus } from "./status.ts";

export interface ServedMethod {
  /** `<package>.<Service>/<Method>` */
  readonly path: string;
  readonly definition: MethodDefinition;
  readonly encode: (response: unknown) => Encoded;
  readonly handle: (request: unknown, context: Context) => unknown;
}

export interface ServerParts {
  readonly telemetry: Telemetry;
  readonly observer: Observer;
  readonly inFlight: InFlight<ServerCall>;
}

/**
 * Node cancels a stream by ending and then resetting it, in two writes, so that a caller who
 * leaves looks like one who has sent everything until the reset comes.
 */
const resetGraceMs = 5;

/** Timers cannot be set any further than that. */
const longestTimer = 2 ** 31 - 1;

export function serveCall(
  call: ServerInterceptingCallInterface,
  method: ServedMethod,
  parts: ServerParts,
): void {
  let served: ServerCall | undefined;
  call.start({
    onReceiveMetadata(metadata) {
      served = new ServerCall(call, method, parts, metadata);
      served.begin();
    },
    onReceiveMessage: (bytes: Buffer) => served?.receive(bytes),
    onReceiveHalfClose: () => served?.requestsEnded(),
    onCancel: () => served?.cancelled(),
  });
}

export class ServerCall {
  readonly #call: ServerInterceptingCallInterface;
  readonly #method: ServedMethod;
  readonly #parts: ServerParts;
  readonly #observed: Observed;
  readonly #context: CallContext;
  /** Where there may be many. */
  readonly #requests: Inbound<unknown> | undefined;
  /** Where there is one. */
  #request: Uint8Array | undefined;
  #alarm: NodeJS.Timeout | undefined;
  #handling = false;
  #finished = false;
  /** What is left to wait for: the handler, and the answer to have been taken. */
  #pending = 2;

  constructor(
    call: ServerInterceptingCallInterface,
    method: ServedMethod,
    parts: ServerParts,
    metadata: Metadata,
  ) {
    this.#call = call;
    this.#method = method;
    this.#parts = parts;
    const peer = call.getPeer();
    const parent = firstOf(metadata, "traceparent");
    this.#observed = parts.observer.begin(method.path, parent, peerAttributes(peer));
    const { traceparent } = this.#observed.span;
    const deadline = Number(call.getDeadline());
    this.#context = new CallContext({
      deadline: Number.isFinite(deadline) ? deadline : undefined,
      peer,
      traceparent,
      metadata,
    });
    if (method.definition.requestStream)
      this.#requests = new Inbound<unknown>({
        read: () => call.startRead(),
        decode: (bytes) => this.#decode(bytes),
        // What the caller still sends is dropped when the status has been sent.
        left: () => {},
      });
  }

  begin(): void {
    this.#parts.inFlight.add(this);
    if (this.#requests === undefined) {
      this.#call.startRead();
    } else {
      this.#requests.read();
      void this.#handle();
    }
  }

  receive(bytes: Uint8Array): void {
    if (this.#requests !== undefined) {
      this.#requests.receive(bytes);
    } else if (this.#request !== undefined) {
      this.stop(new DomainError("unimplemented", "expected one request, found more"));
    } else {
      this.#request = bytes;
      this.#call.startRead();
    }
  }

  requestsEnded(): void {
    const requests = this.#requests;
    if (requests !== undefined) setTimeout(() => requests.end(), resetGraceMs);
    else if (this.#request === undefined)
      this.stop(new DomainError("unimplemented", "expected one request, found none"));
    else if (!this.#finished) void this.#handle();
  }

  /** grpc-js says so after every call; before the status was sent it means the caller has left. */
  cancelled(): void {
    this.#leave();
    if (this.#finished) return;
    const { deadline } = this.#context;
    if (deadline !== undefined && Date.now() >= deadline) this.#expired();
    else this.stop(new DomainError("cancelled", "the caller has left"));
  }

  /** Ends the call from this side: the caller gets `reason`, and the handler's signal aborts. */
  stop(reason: DomainError): void {
    if (this.#finished) return;
    this.#finish(reason);
    this.#context.abort(reason);
    this.#requests?.end(reason);
    if (!this.#handling) this.#settled(reason);
  }

  async #handle(): Promise<void> {
    this.#handling = true;
    const { tracer } = this.#parts.telemetry;
    const error = await tracer.with(this.#context.traceparent, () => this.#answered());
    this.#finish(error);
    this.#settled(error);
  }

  async #answered(): Promise<DomainError | undefined> {
    try {
      await this.#answer();
      return undefined;
    } catch (thrown) {
      return this.#outcome(thrown);
    }
  }

  async #answer(): Promise<void> {
    const { definition, encode, handle } = this.#method;
    const request = this.#requests ?? this.#decode(this.#request!);
    const answer = handle(request, this.#context);
    const send = (message: Encoded, sent: () => void) =>
      this.#call.sendMessage(message, () => {
        // Called only for what has left: a failed write ends the call.
        if (message instanceof Gathered) message.release();
        sent();
      });
    if (definition.responseStream) {
      this.#setAlarm();
      const { signal } = this.#context;
      await pump(answer as AsyncIterable<unknown>, encode, { signal, pipelined: true, send });
    } else {
      const response = await answer;
      this.#context.throwIfAborted();
      send(encode(response), () => {});
    }
  }

  #decode(bytes: Uint8Array): unknown {
    return decode(this.#method.definition.requestType, bytes, malformedRequest);
  }

  /** What the call has come to; the log is told where the fault is ours. */
  #outcome(thrown: unknown): DomainError {
    const error = publicError(thrown);
    const ours = !isDomainError(thrown) || error.code === "internal" || error.code === "data-loss";
    // A handler whose call is over may well stumble over that.
    if (ours && !this.#finished)
      this.#parts.telemetry.log.error("call failed", {
        method: this.#method.path,
        error: thrown instanceof Error ? thrown.stack : String(thrown),
      });
    return error;
  }

  #finish(error: DomainError | undefined): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#call.sendStatus(statusOf(error, this.#context.trailers));
  }

  #settled(error: DomainError | undefined): void {
    clearTimeout(this.#alarm);
    void this.#requests?.return();
    this.#observed.end(this.#context.reason ?? error);
    this.#leave();
  }

  /** A server that stops waits until the handler has settled and its answer is on its way. */
  #leave(): void {
    this.#pending -= 1;
    if (this.#pending === 0) this.#parts.inFlight.delete(this);
  }

  /** grpc-js' own waits, on a stream, until the peer has read what was sent before. */
  #setAlarm(): void {
    const { deadline } = this.#context;
    if (deadline === undefined) return;
    const left = Math.min(longestTimer, Math.max(0, deadline - Date.now()));
    this.#alarm = setTimeout(() => this.#expired(), left);
  }

  #expired(): void {
    this.stop(new DomainError("deadline-exceeded", "the deadline has passed"));
  }
}

function statusOf(error: DomainError | undefined, trailers: Metadata | undefined) {
  if (error === undefined)
    return { code: status.OK, details: "", ...(trailers && { metadata: trailers }) };
  const failed = toStatus(error);
  if (trailers !== undefined) failed.metadata.merge(trailers);
  return failed;
}
