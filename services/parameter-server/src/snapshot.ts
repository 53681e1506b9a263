/**
 * One version of a chunk of the weights, never written again, for all who have to be sent it.
 *
 * Its memory is used again when the last of those who hold it has let it go. Whoever forgets to
 * leaves it to the garbage collector; whoever never held it may find other weights in it.
 */
import type { Squares } from "@amaas/proto/amaas/parameter_server/v1/parameter_server";

export class Snapshot {
  readonly version: number;
  readonly chunk: number;
  /** float32, little-endian. */
  readonly values: Uint8Array;
  readonly floats: Float32Array;
  /** Of the step that made it, unless it is the first one. */
  readonly squares: Squares | undefined;
  readonly #free: () => void;
  #holders = 1;

  /** Held by whoever makes it; `free` is called in the end. */
  constructor(
    { version, chunk, squares }: { version: number; chunk: number; squares: Squares | undefined },
    values: Float32Array,
    free: () => void,
  ) {
    this.version = version;
    this.chunk = chunk;
    this.squares = squares;
    this.floats = values;
    this.values = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.#free = free;
  }

  hold(): void {
    this.#holders += 1;
  }

  letGo(): void {
    this.#holders -= 1;
    if (this.#holders === 0) this.#free();
  }
}
