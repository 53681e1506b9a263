/**
 * Memory of messages that have not come in whole, over all streams of a server: a message has a limit of its own, and
 * whoever begins a great many of them has one, too.
 */
export class Unfinished {
  readonly limit: number;
  #bytes = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether there was room for so many more bytes, which count until they are given back. */
  take(bytes: number): boolean {
    if (this.#bytes + bytes > this.limit) return false;
    this.#bytes += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#bytes -= bytes;
  }
}
