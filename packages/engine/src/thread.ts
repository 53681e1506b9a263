/**
 * A thread that serves calls, as its owner sees it.
 *
 * Calls are handled one at a time, in the order they were made. An idle thread does not keep the
 * process alive, a pending call does. A thread is never stopped in the middle of a call: `close`
 * lets everything called before end, and the end of the process waits for the call under way.
 */
import "./no-telemetry.ts";
import { Worker } from "node:worker_threads";
import { DomainError, errorMessage } from "@amaas/errors";
import { Calls } from "./calls.ts";
import { guardThread, unguardThread } from "./exit-guard.ts";
import { givenAway } from "./give-away.ts";
import type { ArgumentsOf, MethodOf, Methods, Reply, Request, ResultOf } from "./protocol.ts";

export interface Thread<Api extends Methods<Api>> {
  /** Calls without an answer yet. */
  readonly pending: number;
  /** Whether it may answer another call: neither closed nor failed. */
  readonly alive: boolean;
  /** Resolves when it is gone, with the reason unless it was closed. */
  readonly gone: Promise<DomainError | undefined>;
  /** Arguments are copied; SharedArrayBuffers are shared, and what `giveAway` marks is moved. */
  call<M extends MethodOf<Api>>(method: M, ...args: ArgumentsOf<Api, M>): Promise<ResultOf<Api, M>>;
  /** Resolves when the calls made before are answered and the thread is gone. */
  close(): Promise<void>;
}

export interface ThreadOptions {
  /** For debuggers, profilers and the words of errors. */
  readonly name: string;
  /** Reaches the thread as `workerData` of node:worker_threads. */
  readonly data?: unknown;
}

/** Starts the thread whose file calls `serveThread<Api>`. */
export function startThread<Api extends Methods<Api>>(
  url: URL,
  options: ThreadOptions,
): Thread<Api> {
  return new WorkerThread<Api>(url, options);
}

let started = 0;

class WorkerThread<Api extends Methods<Api>> implements Thread<Api> {
  readonly gone: Promise<DomainError | undefined>;
  readonly #name: string;
  readonly #worker: Worker;
  readonly #calls = new Calls();
  #closing = false;
  #failure: DomainError | undefined;

  constructor(url: URL, { name, data }: ThreadOptions) {
    this.#name = name;
    started += 1;
    // Of a name the system keeps fifteen letters, by which threads are told apart there.
    this.#worker = new Worker(url, { name: `${started} ${name}`, workerData: data });
    this.#worker.unref();
    this.#worker.on("message", (reply: Reply) => this.#settle(reply));
    this.#worker.on("error", (error: unknown) => {
      this.#failure = this.#error("internal", `failed: ${errorMessage(error)}`, error);
    });
    const memory = guardThread();
    this.#post({ kind: "guard", memory });
    this.gone = new Promise((resolve) => {
      this.#worker.once("exit", () => {
        unguardThread(memory);
        this.#abandon();
        resolve(this.#failure);
      });
    });
  }

  get pending(): number {
    return this.#calls.pending;
  }

  get alive(): boolean {
    return !this.#closing && this.#failure === undefined;
  }

  async call<M extends MethodOf<Api>>(
    method: M,
    ...args: ArgumentsOf<Api, M>
  ): Promise<ResultOf<Api, M>> {
    if (this.#failure) throw this.#failure;
    if (this.#closing) throw this.#error("unavailable", "is closed");
    const { id, answer } = this.#calls.begin();
    try {
      this.#post({ kind: "call", id, method, args }, givenAway(args));
    } catch (error) {
      this.#calls.settle({ kind: "value", id, value: undefined });
      throw error;
    }
    this.#worker.ref();
    return answer as Promise<ResultOf<Api, M>>;
  }

  async close(): Promise<void> {
    if (!this.#closing) {
      this.#closing = true;
      this.#worker.ref();
      this.#post({ kind: "close" });
    }
    await this.gone;
  }

  #settle(reply: Reply): void {
    this.#calls.settle(reply);
    if (this.#calls.pending === 0 && !this.#closing) this.#worker.unref();
  }

  /** The thread is gone and answers nothing more: as asked, by an error, or by leaving. */
  #abandon(): void {
    if (!this.#closing) this.#failure ??= this.#error("internal", "left by itself");
    this.#calls.abandon(this.#failure ?? this.#error("unavailable", "is closed"));
  }

  #post(request: Request, memory: ArrayBuffer[] = []): void {
    this.#worker.postMessage(request, memory);
  }

  #error(code: "internal" | "unavailable", what: string, cause?: unknown): DomainError {
    return new DomainError(code, `thread ${this.#name} ${what}`, { cause });
  }
}
