/**
 * Shared memory for the inputs of runs, used again and again: making a SharedArrayBuffer takes longer than
 * filling a small one, and what is made for each run has to be collected.
 *
 * A slab belongs to whoever took it until it is given back. What is kept is bounded; sizes are
 * powers of two, so that a slab fits the next batch of about the same size.
 */
const smallestBytes = 4096;

export class Slabs {
  readonly #free = new Map<number, SharedArrayBuffer[]>();
  readonly #mostBytes: number;
  #keptBytes = 0;

  /** `mostBytes`: how much may be kept for later. */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** At least so many bytes; their content is anything. */
  take(bytes: number): SharedArrayBuffer {
    const size = sizeFor(bytes);
    const slab = this.#free.get(size)?.pop();
    if (slab === undefined) return new SharedArrayBuffer(size);
    this.#keptBytes -= size;
    return slab;
  }

  give(slab: SharedArrayBuffer): void {
    const size = slab.byteLength;
    if (this.#keptBytes + size > this.#mostBytes) return;
    const free = this.#free.get(size);
    if (free) free.push(slab);
    else this.#free.set(size, [slab]);
    this.#keptBytes += size;
  }
}

function sizeFor(bytes: number): number {
  if (bytes <= smallestBytes) return smallestBytes;
  // Beyond a gigabyte doubling wastes more than it saves.
  return bytes > 2 ** 30 ? bytes : 2 ** Math.ceil(Math.log2(bytes));
}
