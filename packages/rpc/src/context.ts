/** What a handler knows of its call besides the request. */
import type { IncomingHttpHeaders } from "node:http2";
import type { DomainError } from "@amaas/errors";
import { metadataOf } from "./request-headers.ts";
import type { Trailers } from "./status.ts";

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
  readonly #headers: IncomingHttpHeaders;
  #trailers: Record<string, string> | undefined;
  #controller: AbortController | undefined;
  #reason: DomainError | undefined;

  constructor(parts: {
    readonly deadline: number | undefined;
    readonly peer: string;
    readonly traceparent: string;
    readonly headers: IncomingHttpHeaders;
  }) {
    this.deadline = parts.deadline;
    this.peer = parts.peer;
    this.traceparent = parts.traceparent;
    this.#headers = parts.headers;
  }

  metadata(name: string): string | undefined {
    return metadataOf(this.#headers, name);
  }

  trailer(name: string, value: string | Uint8Array): void {
    this.#trailers ??= {};
    this.#trailers[name.toLowerCase()] = trailerText(name, value);
  }

  get trailers(): Trailers | undefined {
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
}

/** As HTTP/2 takes it; what it would not is the handler's fault. */
function trailerText(name: string, value: string | Uint8Array): string {
  if (name.toLowerCase().endsWith("-bin") !== (typeof value !== "string"))
    throw new Error(`a trailer has bytes where its name ends in -bin, and text elsewhere: ${name}`);
  if (typeof value !== "string") return Buffer.from(value).toString("base64");
  if (!/^[ -~]*$/.test(value) || !/^[0-9a-z_.-]+$/i.test(name))
    throw new Error(`a trailer's name and text are printable ASCII: ${name}`);
  return value;
}
