/**
 * An unreliable carrier, for tests: loses, repeats and reorders what passes through it.
 *
 * What happens to the n-th item is a function of the seed and n alone.
 */
export interface ChaosOptions {
  readonly seed: number;
  /** Share of items that are lost, 0 to 1. */
  readonly drop: number;
  /** Share of items that come twice. */
  readonly repeat: number;
  /** Share of items that are held back until one to four others have passed. */
  readonly reorder: number;
}

interface Held<T> {
  readonly item: T;
  left: number;
}

export class Chaos<T> {
  readonly #options: ChaosOptions;
  #state: number;
  #held: Held<T>[] = [];

  /** `stream` makes several carriers of one seed behave differently. */
  constructor(options: ChaosOptions, stream = 0) {
    this.#options = options;
    this.#state = (options.seed ^ Math.imul(stream + 1, 0x9e3779b1)) >>> 0;
  }

  /** Takes one item; returns those that pass now. */
  pass(item: T): readonly T[] {
    const { drop, repeat, reorder } = this.#options;
    // Always the same number of draws, so that one share does not change the others' choices.
    const [lost, twice, late] = [
      this.#draw() < drop,
      this.#draw() < repeat,
      this.#draw() < reorder,
    ];
    const wait = 1 + Math.floor(this.#draw() * 4);
    const released = this.#release();
    if (lost) return released;
    const copies = twice ? [item, item] : [item];
    if (!late) return [...copies, ...released];
    for (const copy of copies) this.#held.push({ item: copy, left: wait });
    return released;
  }

  /** What is still held back, when nothing comes any more to push it out. */
  flush(): readonly T[] {
    const items = this.#held.map(({ item }) => item);
    this.#held = [];
    return items;
  }

  #release(): T[] {
    for (const held of this.#held) held.left -= 1;
    const due = this.#held.filter(({ left }) => left <= 0);
    this.#held = this.#held.filter(({ left }) => left > 0);
    return due.map(({ item }) => item);
  }

  /** Mulberry32: small, and good enough to throw dice. */
  #draw(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let x = this.#state;
    x = Math.imul(x ^ (x >>> 15), x | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  }
}
