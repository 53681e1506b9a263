/** What a handler knows of a request that came over HTTP: the same as of one that came over gRPC. */
import type { IncomingHttpHeaders } from "node:http";
import { DomainError } from "@amaas/errors";
import type { Context } from "@amaas/rpc";
import { HttpRefusal } from "./status.ts";

/** How long the answer is of use, from the arrival of the request's head. */
export const timeoutHeader = "amaas-timeout-ms";

/** Timers cannot be set any further than that. */
const longestTimer = 2 ** 31 - 1;

export class HttpCaller implements Context {
  readonly peer: string;
  readonly traceparent: string;
  readonly #headers: IncomingHttpHeaders;
  readonly #controller = new AbortController();
  #deadline: number | undefined;
  #alarm: NodeJS.Timeout | undefined;

  constructor(headers: IncomingHttpHeaders, peer: string, traceparent: string) {
    this.#headers = headers;
    this.peer = peer;
    this.traceparent = traceparent;
  }

  /** Ends the wait in so many milliseconds. */
  limit(ms: number | undefined): void {
    if (ms === undefined) return;
    this.#deadline = Date.now() + ms;
    const passed = () =>
      this.abort(new DomainError("deadline-exceeded", "the deadline has passed"));
    this.#alarm = setTimeout(passed, ms);
  }

  get deadline(): number | undefined {
    return this.#deadline;
  }

  /** Why nobody waits for the answer any more. */
  get reason(): DomainError | undefined {
    return this.signal.reason as DomainError | undefined;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  metadata(name: string): string | undefined {
    const value = this.#headers[name.toLowerCase()];
    return Array.isArray(value) ? value[0] : value;
  }

  /** An answer over HTTP has none. */
  trailer(): void {}

  /** Tells whoever works for the caller to stop. */
  abort(reason: DomainError): void {
    this.#controller.abort(reason);
  }

  done(): void {
    clearTimeout(this.#alarm);
  }

  /** Settles as `work` does, or with the reason as soon as the caller need not be answered any more. */
  until<T>(work: Promise<T>): Promise<T> {
    const { signal } = this.#controller;
    return new Promise((resolve, reject) => {
      const stop = () => reject(signal.reason);
      if (signal.aborted) stop();
      signal.addEventListener("abort", stop, { once: true });
      work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
    });
  }
}

export function timeoutOf(headers: IncomingHttpHeaders): number | undefined {
  const header = headers[timeoutHeader];
  if (header === undefined) return undefined;
  const ms = Number(header);
  if (ms > 0 && ms <= longestTimer) return ms;
  throw new HttpRefusal(
    400,
    `found ${timeoutHeader}: ${String(header).slice(0, 40)}, wanted milliseconds from 1 to ${longestTimer}`,
  );
}
