/**
 * A queue that feeds a stream: pushed into from anywhere, read by one reader in order.
 *
 * Pushing never waits and never fails; whoever produces a lot asks `drained` before going on.
 * Once ended, or left by its reader, it takes nothing more.
 */
export class Channel<T> implements AsyncIterableIterator<T> {
  #values: (T | undefined)[] = [];
  #taken = 0;
  #ended = false;
  #error: Error | undefined;
  #reader: PromiseWithResolvers<IteratorResult<T, undefined>> | undefined;
  #producers: { limit: number; resolve: () => void }[] = [];

  /** How many values wait to be read. */
  get size(): number {
    return this.#values.length - this.#taken;
  }

  /** Whether pushing has become pointless. */
  get ended(): boolean {
    return this.#ended;
  }

  push(value: T): void {
    if (this.#ended) return;
    const reader = this.#reader;
    if (reader === undefined) {
      this.#values.push(value);
      return;
    }
    this.#reader = undefined;
    reader.resolve({ done: false, value });
  }

  /** The reader gets what waits, then the end, or `error`. */
  end(error?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#release();
    const reader = this.#reader;
    if (reader === undefined) return;
    this.#reader = undefined;
    this.#finish(reader);
  }

  /** Resolves when fewer than `limit` values wait, or nobody will read them any more. */
  drained(limit: number): Promise<void> {
    if (this.size < limit || this.#ended) return Promise.resolve();
    return new Promise((resolve) => this.#producers.push({ limit, resolve }));
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.size > 0) return Promise.resolve({ done: false, value: this.#take() });
    if (this.#reader !== undefined)
      return Promise.reject(new Error("a channel has one reader, and it is waiting already"));
    const reader = Promise.withResolvers<IteratorResult<T, undefined>>();
    if (this.#ended) this.#finish(reader);
    else this.#reader = reader;
    return reader.promise;
  }

  /** The reader leaves: what waits is dropped. */
  return(): Promise<IteratorResult<T, undefined>> {
    this.#values = [];
    this.#taken = 0;
    this.#error = undefined;
    this.end();
    this.#release();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #take(): T {
    const value = this.#values[this.#taken] as T;
    this.#values[this.#taken++] = undefined;
    // Moving the rest down now and then keeps taking cheap, however many wait.
    if (this.#taken === this.#values.length || this.#taken >= 1024) {
      this.#values.splice(0, this.#taken);
      this.#taken = 0;
    }
    this.#release();
    return value;
  }

  /** An error is told once; after it the channel is simply at its end. */
  #finish(reader: PromiseWithResolvers<IteratorResult<T, undefined>>): void {
    const error = this.#error;
    this.#error = undefined;
    if (error === undefined) reader.resolve({ done: true, value: undefined });
    else reader.reject(error);
  }

  #release(): void {
    if (this.#producers.length === 0) return;
    const waiting = this.#producers;
    this.#producers = [];
    for (const producer of waiting) {
      if (this.#ended || this.size < producer.limit) producer.resolve();
      else this.#producers.push(producer);
    }
  }
}
