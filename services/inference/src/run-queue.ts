/**
 * Whose turn it is: at most as many runs at a time as there are threads, the others wait in the
 * order in which they came.
 *
 * The queue is bounded in requests and in bytes, and what would wait past its deadline is refused
 * at once: never a silent queue. A request whose caller has left, or whose deadline has passed,
 * leaves the queue at that moment and is never run. A free thread refuses nobody.
 */
import { queueFull, queueTooLong } from "./errors.ts";

export interface Job {
  /** Bytes that are held while it waits. */
  readonly bytes: number;
  /** How long it is expected to run. */
  readonly expectedMs: number;
  /** Milliseconds since the epoch. */
  readonly deadline: number | undefined;
  readonly signal: AbortSignal;
}

export interface Run<T> {
  readonly result: T;
  readonly queuedMs: number;
  readonly ranMs: number;
}

interface Waiter {
  readonly job: Job;
  go(): void;
}

export class RunQueue {
  readonly #threads: number;
  readonly #limit: number;
  readonly #byteLimit: number;
  /** In the order in which they came. */
  readonly #waiting = new Set<Waiter>();
  #waitingBytes = 0;
  #waitingMs = 0;
  #running = 0;

  constructor(options: { threads: number; limit: number; byteLimit: number }) {
    this.#threads = options.threads;
    this.#limit = options.limit;
    this.#byteLimit = options.byteLimit;
  }

  async run<T>(job: Job, work: () => Promise<T>): Promise<Run<T>> {
    job.signal.throwIfAborted();
    const came = performance.now();
    if (this.#running >= this.#threads) await this.#turn(job);
    else this.#running++;
    const started = performance.now();
    try {
      const result = await work();
      return { result, queuedMs: started - came, ranMs: performance.now() - started };
    } finally {
      this.#next();
    }
  }

  /** Resolves when a thread is free and this job is the first to want it. */
  #turn(job: Job): Promise<void> {
    this.#admit(job);
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#remove(waiter);
        reject(job.signal.reason);
      };
      const waiter: Waiter = {
        job,
        go: () => {
          job.signal.removeEventListener("abort", leave);
          this.#remove(waiter);
          resolve();
        },
      };
      job.signal.addEventListener("abort", leave, { once: true });
      this.#waiting.add(waiter);
      this.#waitingBytes += job.bytes;
      this.#waitingMs += job.expectedMs;
    });
  }

  #admit({ bytes, deadline }: Job): void {
    const waitMs = this.#waitingMs / this.#threads;
    const retryAfterMs = Math.min(10_000, Math.max(1, Math.ceil(waitMs)));
    if (this.#waiting.size >= this.#limit)
      throw queueFull(`${this.#waiting.size} requests wait`, retryAfterMs);
    if (this.#waitingBytes + bytes > this.#byteLimit && this.#waiting.size > 0)
      throw queueFull(`${this.#waitingBytes} bytes wait`, retryAfterMs);
    const leftMs = deadline === undefined ? Number.POSITIVE_INFINITY : deadline - Date.now();
    if (waitMs > leftMs) throw queueTooLong(waitMs, leftMs);
  }

  /** A thread is free: it goes to the one who waits longest. */
  #next(): void {
    const [first] = this.#waiting;
    if (first === undefined) this.#running--;
    else first.go();
  }

  #remove(waiter: Waiter): void {
    if (!this.#waiting.delete(waiter)) return;
    this.#waitingBytes -= waiter.job.bytes;
    // Sums of fractions drift; an empty queue takes no time at all.
    this.#waitingMs = this.#waiting.size === 0 ? 0 : this.#waitingMs - waiter.job.expectedMs;
  }
}
