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
import { guardThread, unguardThread } from "./exit-guard.ts";
import { givenAway } from "./give-away.ts";
import {
  type ArgumentsOf,
  errorOf,
  type MethodOf,
  type Methods,
  type Reply,
  type Request,
  type ResultOf,
} from "./protocol.ts";

export interface Thread<Api extends Methods<Api>> {
  /** Calls without an answer yet. */
  readonly pending: number;
  /** Whether it may answer another call: neither closed nor failed. */
  readonly alive: boolean;
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

interface Waiter {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

class WorkerThread<Api extends Methods<Api>> implements Thread<Api> {
  readonly #name: string;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiter>();
  readonly #gone: Promise<void>;
  #lastId = 0;
  #closing = false;
  #failure: DomainError | undefined;

  constructor(url: URL, { name, data }: ThreadOptions) {
    this.#name = name;
    this.#worker = new Worker(url, { name, workerData: data });
    this.#worker.unref();
    this.#worker.on("message", (reply: Reply) => this.#settle(reply));
    this.#worker.on("error", (error: unknown) => {
      this.#failure = this.#error("internal", `failed: ${errorMessage(error)}`, error);
    });
    const memory = guardThread();
    this.#post({ kind: "guard", memory });
    this.#gone = new Promise((resolve) => {
      this.#worker.once("exit", () => {
        unguardThread(memory);
        this.#abandon();
        resolve();
      });
    });
  }

  get pending(): number {
    return this.#waiting.size;
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
    const id = ++this.#lastId;
    this.#post({ kind: "call", id, method, args }, givenAway(args));
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as Waiter["resolve"], reject });
      this.#worker.ref();
    });
  }

  close(): Promise<void> {
    if (!this.#closing) {
      this.#closing = true;
      this.#worker.ref();
      this.#post({ kind: "close" });
    }
    return this.#gone;
  }

  #settle(reply: Reply): void {
    const waiter = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (this.#waiting.size === 0 && !this.#closing) this.#worker.unref();
    if (reply.kind === "value") waiter?.resolve(reply.value);
    else waiter?.reject(errorOf(reply.fault));
  }

  /** The thread is gone and answers nothing more: as asked, by an error, or by leaving. */
  #abandon(): void {
    if (!this.#closing) this.#failure ??= this.#error("internal", "left by itself");
    const error = this.#failure ?? this.#error("unavailable", "is closed");
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  #post(request: Request, memory: ArrayBuffer[] = []): void {
    this.#worker.postMessage(request, memory);
  }

  #error(code: "internal" | "unavailable", what: string, cause?: unknown): DomainError {
    return new DomainError(code, `thread ${this.#name} ${what}`, { cause });
  }
}
