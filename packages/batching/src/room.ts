/**
 * Memory for what waits, over all batchers of a process.
 *
 * One request of each batcher always may wait, however large it is: what a message may measure is
 * limited elsewhere, and a model that nobody asks is not refused for the crowd at another.
 */
export class Room {
  readonly limit: number;
  #bytes = 0;

  constructor({ bytes }: { readonly bytes: number }) {
    this.limit = bytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  holds(bytes: number): boolean {
    return this.#bytes + bytes <= this.limit;
  }

  enter(bytes: number): void {
    this.#bytes += bytes;
  }

  leave(bytes: number): void {
    this.#bytes -= bytes;
  }
}
