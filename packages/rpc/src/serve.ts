/**
 * One call on the server: from its headers to its status.
 *
 * The handler is a plain function of a request, or of an async iterable of requests, and the
 * context; what it returns is sent, what it throws becomes the status. It is told through
 * `context.signal` when the caller leaves, the deadline passes or the server stops, and a
 * generator's `finally` runs then. The call counts as in flight until the handler has settled and
 * what it answered has been taken.
 */
import type { IncomingHttpHeaders } from "node:http2";
import { DomainError, isFault, publicError } from "@amaas/errors";
import type { SparingLog, Telemetry } from "@amaas/telemetry";
import type { Peer } from "./connection.ts";
import { CallContext, type Context } from "./context.ts";
import { type Encoded, Gathered } from "./gather-writer.ts";
import type { InFlight } from "./in-flight.ts";
import { Inbound } from "./inbound.ts";
import type { Observed, Observer } from "./instrument.ts";
import { pump } from "./outbound.ts";
import { timeoutOf } from "./request-headers.ts";
import type { Receiver, ServerStream, StreamLimits } from "./server-stream.ts";
import { toTrailers } from "./status.ts";

export interface ServedMethod {
  /** `<package>.<Service>/<Method>` */
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly decode: (bytes: Uint8Array) => unknown;
  readonly encode: (response: unknown) => Encoded;
  readonly handle: (request: unknown, context: Context) => unknown;
}

export interface ServerParts {
  readonly telemetry: Telemetry;
  /** Told of what fails through a fault of ours. */
  readonly faults: SparingLog;
  readonly observer: Observer;
  readonly inFlight: InFlight<ServerCall>;
  readonly limits: StreamLimits;
}

/**
 * Node cancels a stream by ending and then resetting it, in two writes, so that a caller who
 * leaves looks like one who has sent everything until the reset comes.
 */
const resetGraceMs = 5;

/** Timers cannot be set any further than that. */
const longestTimer = 2 ** 31 - 1;

export class ServerCall implements Receiver {
  readonly #stream: ServerStream;
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
    stream: ServerStream,
    method: ServedMethod,
    parts: ServerParts,
    headers: IncomingHttpHeaders,
    peer: Peer,
  ) {
    this.#stream = stream;
    this.#method = method;
    this.#parts = parts;
    const parent = headers.traceparent as string | undefined;
    this.#observed = parts.observer.begin(method.path, parent, peer.attributes);
    const timeout = timeoutOf(headers);
    this.#context = new CallContext({
      deadline: timeout === undefined || Number.isNaN(timeout) ? undefined : Date.now() + timeout,
      peer: peer.address,
      traceparent: this.#observed.span.traceparent,
      headers,
    });
    if (method.requestStream)
      this.#requests = new Inbound<unknown>({
        read: () => stream.read(),
        decode: method.decode,
        // What the caller still sends is dropped when the status has been sent.
        left: () => {},
      });
    parts.inFlight.add(this);
    stream.start(this);
    if (timeout !== undefined) this.#setAlarm(timeout);
    if (this.#requests === undefined) {
      stream.read();
    } else if (!this.#finished) {
      this.#requests.read();
      void this.#handleStream();
    }
  }

  receive(bytes: Uint8Array): void {
    if (this.#requests !== undefined) {
      this.#requests.receive(bytes);
    } else if (this.#request !== undefined) {
      this.stop(new DomainError("unimplemented", "expected one request, found more"));
    } else {
      this.#request = bytes;
      this.#stream.read();
    }
  }

  requestsEnded(): void {
    const requests = this.#requests;
    if (requests !== undefined) setTimeout(() => requests.end(), resetGraceMs);
    else if (this.#request === undefined)
      this.stop(new DomainError("unimplemented", "expected one request, found none"));
    else if (this.#finished) return;
    else if (this.#method.responseStream) void this.#handleStream();
    else this.#handleUnary(this.#request);
  }

  /** Before the status was sent it means that the caller has left. */
  gone(): void {
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

  /** One promise, which is the handler's own, and nothing that waits for it besides. */
  #handleUnary(bytes: Uint8Array): void {
    this.#handling = true;
    const { decode, handle } = this.#method;
    const context = this.#context;
    try {
      const request = decode(bytes);
      const { tracer } = this.#parts.telemetry;
      const answer = tracer.with(context.traceparent, () => handle(request, context));
      (answer as Promise<unknown>).then(
        (response) => this.#answered(response),
        (thrown) => this.#fail(thrown),
      );
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  #answered(response: unknown): void {
    try {
      this.#answer(response);
      this.#settled(undefined);
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  #answer(response: unknown): void {
    if (this.#finished) return;
    const message = this.#method.encode(response);
    this.#finished = true;
    this.#stream.answer(message, this.#context.trailers);
  }

  async #handleStream(): Promise<void> {
    this.#handling = true;
    const { tracer } = this.#parts.telemetry;
    try {
      await tracer.with(this.#context.traceparent, () => this.#sendAll());
      this.#finish(undefined);
      this.#settled(undefined);
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  async #sendAll(): Promise<void> {
    const { responseStream, decode, encode, handle } = this.#method;
    const answer = handle(this.#requests ?? decode(this.#request!), this.#context);
    if (!responseStream) return this.#answer(await answer);
    const send = (message: Encoded, sent: () => void) =>
      this.#stream.send(message, () => {
        // Called only for what has left: a failed write ends the call.
        if (message instanceof Gathered) message.release();
        sent();
      });
    const { signal } = this.#context;
    await pump(answer as AsyncIterable<unknown>, encode, { signal, pipelined: true, send });
  }

  #fail(thrown: unknown): void {
    const error = this.#outcome(thrown);
    this.#finish(error);
    this.#settled(error);
  }

  /** What the call has come to; the log is told where the fault is ours. */
  #outcome(thrown: unknown): DomainError {
    // A handler whose call is over may well stumble over that.
    const { path: method } = this.#method;
    if (isFault(thrown) && !this.#finished)
      this.#parts.faults.error(method, "call failed", () => ({
        method,
        error: thrown instanceof Error ? thrown.stack : String(thrown),
      }));
    return publicError(thrown);
  }

  #finish(error: DomainError | undefined): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#stream.finish(error && toTrailers(error), this.#context.trailers);
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

  #setAlarm(timeout: number): void {
    if (Number.isNaN(timeout))
      this.stop(new DomainError("internal", "the grpc-timeout is not a timeout"));
    else this.#alarm = setTimeout(() => this.#expired(), Math.min(longestTimer, timeout));
  }

  #expired(): void {
    this.stop(new DomainError("deadline-exceeded", "the deadline has passed"));
  }
}
