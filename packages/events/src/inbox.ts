/**
 * What waits for one subscriber, handled one at a time in the order it came.
 *
 * A subscriber that falls behind loses the oldest events rather than the process its memory:
 * events are hints, and the newest says as much as all of them.
 */
export class Inbox<T> {
  readonly #handle: (item: T) => Promise<void>;
  readonly #onLoss: () => void;
  readonly #limit: number;
  #waiting: T[] = [];
  #running: Promise<void> | undefined;
  #closed = false;

  /** `handle` must not reject. */
  constructor(handle: (item: T) => Promise<void>, onLoss: () => void, limit = 1000) {
    this.#handle = handle;
    this.#onLoss = onLoss;
    this.#limit = limit;
  }

  push(item: T): void {
    if (this.#closed) return;
    if (this.#waiting.length >= this.#limit) {
      this.#waiting.shift();
      this.#onLoss();
    }
    this.#waiting.push(item);
    this.#running ??= this.#run();
  }

  /** Nothing that waits is handled any more. */
  close(): void {
    this.#closed = true;
    this.#waiting = [];
  }

  /** Resolves when the handler at work, if any, is done. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // Not in the turn of the one who publishes.
    await Promise.resolve();
    for (let item = this.#waiting.shift(); item !== undefined; item = this.#waiting.shift()) {
      await this.#handle(item);
    }
    this.#running = undefined;
  }
}
