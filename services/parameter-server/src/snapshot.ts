/**
 * One version of a chunk of the weights, never written again, for all who have to be sent it.
 *
 * Its memory is given back when the last of those who hold it has let it go. Whoever forgets to
 * leaves that to the garbage collector; whoever never held it may find it empty.
 */
import { release } from "@amaas/rpc";

export class Snapshot {
  readonly version: number;
  readonly chunk: number;
  /** float32, little-endian. */
  readonly values: Uint8Array;
  #holders = 1;

  /** Held by whoever makes it. */
  constructor(version: number, chunk: number, values: Uint8Array) {
    this.version = version;
    this.chunk = chunk;
    this.values = values;
  }

  hold(): void {
    this.#holders += 1;
  }

  letGo(): void {
    this.#holders -= 1;
    if (this.#holders === 0) release(this.values);
  }
}
