/**
 * One call on the server: from its headers to its status.
 *
 * The handler is a plain function of a request, or of an async iterable of requests, and the
 * context; what it returns is sent, what it throws becomes the status. It is told through
 * `context.signal` when the caller leaves, the deadline passes or the server stops, and a
 * generator's `finally` runs then. The call counts as in flight until the handler has settled.
 */
import { DomainError, isDomainError } from "@amaas/errors";
import type { Telemetry } from "@amaas/telemetry";
import { type Metadata, type ServerInterceptingCallInterface, status } from "@grpc/grpc-js";
import { decode, malformedRequest } from "./codec.ts";
import type { Context } from "./context.ts";
import type { MethodDefinition } from "./definition.ts";
import type { InFlight } from "./in-flight.ts";
import { Inbound } from "./inbound.ts";
import { type Observer, peerAttributes } from "./instrument.ts";
import { pump } from "./outbound.ts";
import { publicError, toStatus } from "./status.ts";

export interface ServedMethod {
  /** `<package>.<Service>/<Method>` */
  readonly path: string;
  readonly definition: MethodDefinition;
  readonly encode: (response: unknown) => Buffer;
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

export class ServerCall {
  readonly #call: ServerInterceptingCallInterface;
  readonly #method: ServedMethod;
  readonly #parts: ServerParts;
  readonly #abort = new AbortController();
  readonly #requests: Inbound<unknown>;
  #finished = false;

  constructor(call: ServerInterceptingCallInterface, method: ServedMethod, parts: ServerParts) {
    this.#call = call;
    this.#method = method;
    this.#parts = parts;
    this.#requests = new Inbound<unknown>({
      read: () => call.startRead(),
      decode: (bytes) => decode(method.definition.requestType, bytes, malformedRequest),
      // What the caller still sends is dropped when the status has been sent.
      left: () => {},
    });
  }

  start(): void {
    this.#call.start({
      onReceiveMetadata: (metadata) => void this.#run(metadata),
      onReceiveMessage: (bytes: Buffer) => this.#requests.receive(bytes),
      onReceiveHalfClose: () => this.#requestsEnded(),
      onCancel: () => this.#cancelled(),
    });
  }

  /** Ends the call from this side: the caller gets `reason`, and the handler's signal aborts. */
  stop(reason: DomainError): void {
    if (this.#finished) return;
    this.#finish(reason);
    this.#abort.abort(reason);
    this.#requests.end(reason);
  }

  async #run(metadata: Metadata): Promise<void> {
    const { telemetry, observer, inFlight } = this.#parts;
    const peer = this.#call.getPeer();
    const parent = firstOf(metadata, "traceparent");
    const observed = observer.begin(this.#method.path, parent, peerAttributes(peer));
    const { traceparent } = observed.span;
    const deadline = this.#deadline();
    const context: Context = {
      signal: this.#abort.signal,
      deadline,
      metadata: (name) => firstOf(metadata, name),
      peer,
      traceparent,
    };
    const timer = this.#alarm(deadline);
    inFlight.add(this);
    let error: DomainError | undefined;
    try {
      await telemetry.tracer.with(traceparent, () => this.#answer(context));
    } catch (thrown) {
      error = this.#outcome(thrown);
    }
    clearTimeout(timer);
    this.#finish(error);
    void this.#requests.return();
    observed.end(error);
    inFlight.delete(this);
  }

  async #answer(context: Context): Promise<void> {
    const { definition, encode, handle } = this.#method;
    const { requestStream, responseStream } = definition;
    this.#requests.read();
    const request = requestStream ? this.#requests : await this.#onlyRequest();
    context.signal.throwIfAborted();
    const answer = handle(request, context);
    const answers = responseStream ? (answer as AsyncIterable<unknown>) : [await answer];
    await pump(answers, encode, {
      signal: context.signal,
      pipelined: true,
      send: (bytes, sent) => this.#call.sendMessage(bytes, sent),
    });
  }

  async #onlyRequest(): Promise<unknown> {
    const { done, value } = await this.#requests.next();
    if (done) throw new DomainError("unimplemented", "expected one request, found none");
    const more = await this.#requests.next();
    if (!more.done) throw new DomainError("unimplemented", "expected one request, found more");
    return value;
  }

  #requestsEnded(): void {
    if (this.#method.definition.requestStream) setTimeout(() => this.#requests.end(), resetGraceMs);
    else this.#requests.end();
  }

  /** What the call has come to; the log is told where the fault is ours. */
  #outcome(thrown: unknown): DomainError {
    const { signal } = this.#abort;
    if (signal.aborted) return signal.reason as DomainError;
    const error = publicError(thrown);
    if (!isDomainError(thrown) || error.code === "internal" || error.code === "data-loss")
      this.#parts.telemetry.log.error("call failed", {
        method: this.#method.path,
        error: thrown instanceof Error ? thrown.stack : String(thrown),
      });
    return error;
  }

  #finish(error: DomainError | undefined): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#call.sendStatus(error === undefined ? { code: status.OK, details: "" } : toStatus(error));
  }

  /** grpc-js says so after every call; before the status was sent it means the caller has left. */
  #cancelled(): void {
    const deadline = this.#deadline();
    if (deadline !== undefined && Date.now() >= deadline) this.#expired();
    else this.stop(new DomainError("cancelled", "the caller has left"));
  }

  #expired(): void {
    this.stop(new DomainError("deadline-exceeded", "the deadline has passed"));
  }

  #deadline(): number | undefined {
    const deadline = Number(this.#call.getDeadline());
    return Number.isFinite(deadline) ? deadline : undefined;
  }

  #alarm(deadline: number | undefined): NodeJS.Timeout | undefined {
    if (deadline === undefined) return undefined;
    const left = Math.min(longestTimer, Math.max(0, deadline - Date.now()));
    return setTimeout(() => this.#expired(), left);
  }
}

function firstOf(metadata: Metadata, name: string): string | undefined {
  const [value] = metadata.get(name);
  return typeof value === "string" ? value : value?.toString("base64");
}
