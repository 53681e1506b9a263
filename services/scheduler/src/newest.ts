/**
 * A stream of which only the newest value matters: a reader that is slow skips those in between.
 * For one reader.
 */
export class Newest<T> implements AsyncIterable<T> {
  #value: { readonly value: T } | undefined;
  #ended = false;
  #wake: () => void = () => {};

  set(value: T): void {
    if (this.#ended) return;
    this.#value = { value };
    this.#wake();
  }

  /** The reader still gets a value that waits. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (;;) {
      const waiting = this.#value;
      if (waiting !== undefined) {
        this.#value = undefined;
        yield waiting.value;
      } else if (this.#ended) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
