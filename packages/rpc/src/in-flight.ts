/** A set that can be waited for until it is empty. */
export class InFlight<T> {
  readonly #members = new Set<T>();
  #waiting: (() => void)[] = [];

  get size(): number {
    return this.#members.size;
  }

  add(member: T): void {
    this.#members.add(member);
  }

  delete(member: T): void {
    this.#members.delete(member);
    if (this.#members.size > 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.#members.values();
  }

  /** Also resolves when `signal` aborts. */
  empty(signal?: AbortSignal): Promise<void> {
    if (this.#members.size === 0 || signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      signal?.addEventListener("abort", () => resolve(), { once: true });
    });
  }
}
