/** What a handler knows of its call besides the request. */
import type { DomainError } from "@amaas/errors";
import { Metadata } from "@grpc/grpc-js";

export interface Context {
  /** Aborted when the caller leaves, the deadline passes or the server stops. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly deadline: number | undefined;
  metadata(name: string): string | undefined;
  /** Goes with the call's status, whatever that is; bytes under names that end in -bin, text under others. */
  trailer(name: string, value: string | Uint8Array): void;
  readonly peer: string;
  /** The server's span of this call: what is caused by the call descends from it. */
  readonly traceparent: string;
}

/** Many handlers never look at the signal, which is therefore made when one does. */
export class CallContext implements Context {
  readonly deadline: number | undefined;
  readonly peer: string;
  readonly traceparent: string;
  readonly #metadata: Metadata;
  #trailers: Metadata | undefined;
  #controller: AbortController | undefined;
  #reason: DomainError | undefined;

  constructor(parts: {
    readonly deadline: number | undefined;
    readonly peer: string;
    readonly traceparent: string;
    readonly metadata: Metadata;
  }) {
    this.deadline = parts.deadline;
    this.peer = parts.peer;
    this.traceparent = parts.traceparent;
    this.#metadata = parts.metadata;
  }

  metadata(name: string): string | undefined {
    return firstOf(this.#metadata, name);
  }

  trailer(name: string, value: string | Uint8Array): void {
    this.#trailers ??= new Metadata();
    this.#trailers.set(name, typeof value === "string" ? value : Buffer.from(value));
  }

  get trailers(): Metadata | undefined {
    return this.#trailers;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Why the call was ended before its handler was done. */
  get reason(): DomainError | undefined {
    return this.#reason;
  }

  abort(reason: DomainError): void {
    this.#reason ??= reason;
    this.#controller?.abort(reason);
  }

  throwIfAborted(): void {
    if (this.#reason !== undefined) throw this.#reason;
  }
}

/** Of several values the first; bytes in base64. */
export function firstOf(metadata: Metadata, name: string): string | undefined {
  const [value] = metadata.get(name);
  return typeof value === "string" ? value : value?.toString("base64");
}
