/**
 * Sessions that run off the calling thread, on a fixed number of threads.
 *
 * Every session is opened in every thread; a run goes to the thread with the least to do. A run
 * that is cancelled before it begins is dropped and takes no thread's time; one that has begun
 * goes on to its end, unheard. Opening a model holds up the runs of the same pool: open a new version in a pool of
 * its own if the old one must not notice.
 */
import { DomainError } from "@amaas/errors";
import type { Tensor } from "@amaas/tensor";
import { allThreadsEnded, Dispatcher } from "./dispatcher.ts";
import type { PoolThread, SessionSignature } from "./pool.thread.ts";
import type { SessionOptions } from "./session.ts";
import type { Feeds, ValueSpec } from "./signature.ts";
import { startThread, type Thread } from "./thread.ts";

export interface PoolOptions {
  readonly threads: number;
  /** Prefix of the threads' names. */
  readonly name?: string;
}

export interface RunOptions {
  readonly signal?: AbortSignal;
}

export interface PooledSession {
  readonly inputs: readonly ValueSpec[];
  readonly outputs: readonly ValueSpec[];
  /** Feeds in ordinary memory are copied once, shared ones not; outputs arrive without a copy. */
  run(feeds: Feeds, options?: RunOptions): Promise<Record<string, Tensor>>;
  /** Frees the model once its runs have ended; later ones are refused. */
  close(): Promise<void>;
}

export interface Pool {
  open(model: Uint8Array, options?: SessionOptions): Promise<PooledSession>;
  /** Ends when everything asked for before has ended and the threads are gone. */
  close(): Promise<void>;
}

export function createPool({ threads, name = "engine" }: PoolOptions): Pool {
  if (!Number.isInteger(threads) || threads < 1)
    throw new DomainError("invalid-argument", `found ${threads} threads, wanted 1 or more`);
  const url = new URL("./pool.thread.ts", import.meta.url);
  return new ThreadPool(
    Array.from({ length: threads }, (_, index) =>
      startThread<PoolThread>(url, { name: `${name}-${index + 1}` }),
    ),
  );
}

class ThreadPool implements Pool {
  readonly #threads: readonly Thread<PoolThread>[];
  readonly #dispatcher: Dispatcher;
  readonly #open = new Set<PooledSession>();
  #lastNumber = 0;

  constructor(threads: readonly Thread<PoolThread>[]) {
    this.#threads = threads;
    this.#dispatcher = new Dispatcher(threads);
  }

  async open(model: Uint8Array, options: SessionOptions = {}): Promise<PooledSession> {
    const number = ++this.#lastNumber;
    const bytes = shared(model);
    const opened = await Promise.allSettled(
      this.#alive().map((thread) => thread.call("open", number, bytes, options)),
    );
    const failed = opened.find((result) => result.status === "rejected");
    if (failed) {
      await this.#release(number);
      throw failed.reason;
    }
    const [signature] = opened.filter((result) => result.status === "fulfilled");
    if (!signature) throw allThreadsEnded();
    return this.#session(number, signature.value);
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.#open, (session) => session.close()));
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  #session(number: number, { inputs, outputs }: SessionSignature): PooledSession {
    const running = new Set<Promise<unknown>>();
    let closed: Promise<void> | undefined;
    const session: PooledSession = {
      inputs,
      outputs,
      run: async (feeds, { signal } = {}) => {
        if (closed) throw new DomainError("failed-precondition", "the session is closed");
        const run = this.#dispatcher.run(number, feeds, signal);
        running.add(run);
        try {
          return await run;
        } finally {
          running.delete(run);
        }
      },
      close: () => {
        closed ??= Promise.allSettled(running)
          .then(() => this.#release(number))
          .finally(() => this.#open.delete(session));
        return closed;
      },
    };
    this.#open.add(session);
    return session;
  }

  async #release(number: number): Promise<void> {
    await Promise.all(this.#alive().map((thread) => thread.call("release", number)));
  }

  #alive(): readonly Thread<PoolThread>[] {
    return this.#threads.filter((thread) => thread.alive);
  }
}

/** One copy that all threads read, in place of one for each. */
function shared(model: Uint8Array): Uint8Array {
  if (model.buffer instanceof SharedArrayBuffer) return model;
  const copy = new Uint8Array(new SharedArrayBuffer(model.byteLength));
  copy.set(model);
  return copy;
}
