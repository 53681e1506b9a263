/**
 * Memory that kernels reach: in its first part they take blocks of vectors that are elsewhere, the rest is given
 * away in vectors, once each, and lives as long as any of them.
 *
 * It never grows, since growing would detach what was given away.
 */

/** A vector's block, in floats: few calls for a vector, and all blocks of an update in a core's own cache. */
export const BLOCK_LENGTH = 16_384;
const PAGE_BYTES = 65_536;
/** As far as addresses of 32 bits reach. */
const MOST_PAGES = 65_536;

export class KernelMemory {
  readonly memory: WebAssembly.Memory;
  readonly #blocks: readonly Float32Array<ArrayBuffer>[];
  #taken: number;

  /**
   * For so many vectors of which blocks are taken, and so many floats to be given away.
   *
   * @throws RangeError where this is more than 4 GiB, or more than the system has.
   */
  constructor(blocks: number, floats = 0) {
    this.#taken = blocks * BLOCK_LENGTH * 4;
    const pages = Math.ceil((this.#taken + floats * 4) / PAGE_BYTES);
    if (pages > MOST_PAGES)
      throw new RangeError(`${pages} pages of memory are wanted, there are ${MOST_PAGES} at most`);
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const { buffer } = this.memory;
    const block = (at: number) => new Float32Array(buffer, at * BLOCK_LENGTH * 4, BLOCK_LENGTH);
    this.#blocks = Array.from({ length: blocks }, (_, at) => block(at));
  }

  /** Zeros. */
  take(length: number): Float32Array<ArrayBuffer> {
    const vector = new Float32Array(this.memory.buffer, this.#taken, length);
    this.#taken += vector.byteLength;
    return vector;
  }

  holds(vector: Float32Array): boolean {
    return vector.buffer === this.memory.buffer;
  }

  block(place: number): Float32Array<ArrayBuffer> {
    const block = this.#blocks[place];
    if (!block) throw new Error(`there is no block ${place} among ${this.#blocks.length}`);
    return block;
  }
}
