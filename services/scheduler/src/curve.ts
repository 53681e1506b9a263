/**
 * A curve of a job: a figure of every step, such as its mean loss, from step 0 on, without gaps.
 *
 * The lead tells the whole curve first and then what is new; what is told twice is the same by
 * the numeric contract, so the later telling simply wins.
 */

/** 32 MB; a longer curve keeps its beginning. */
const longest = 4_000_000;

export class Curve {
  #values: Float64Array<ArrayBuffer>;
  #length: number;

  /** Takes the values over. */
  constructor(values: Float64Array<ArrayBuffer> = new Float64Array()) {
    this.#values = values;
    this.#length = values.length;
  }

  /** Number of steps with a figure. */
  get length(): number {
    return this.#length;
  }

  /** Takes in the figures of the steps from `first` on; false where steps before are missing. */
  merge(first: number, figures: Float64Array): boolean {
    if (first > this.#length) return false;
    const end = Math.min(first + figures.length, longest);
    if (end <= first) return true;
    this.#reserve(end);
    this.#values.set(figures.subarray(0, end - first), first);
    this.#length = Math.max(this.#length, end);
    return true;
  }

  /** Forgets the steps from `length` on. */
  truncate(length: number): void {
    this.#length = Math.min(this.#length, length);
  }

  /** A copy of the figures of the steps from `first` up to `end`. */
  slice(first: number, end: number = this.#length): Float64Array<ArrayBuffer> {
    return this.#values.slice(first, Math.min(end, this.#length));
  }

  #reserve(length: number): void {
    if (length <= this.#values.length) return;
    const larger = new Float64Array(Math.max(length, 256, this.#values.length * 2));
    larger.set(this.#values);
    this.#values = larger;
  }
}

/** Float64, little-endian, as it is on the wire. */
export function figuresFromBytes(bytes: Uint8Array): Float64Array<ArrayBuffer> {
  return new Float64Array(new Uint8Array(bytes).buffer, 0, Math.floor(bytes.byteLength / 8));
}

export function bytesOfFigures(figures: Float64Array): Uint8Array {
  return new Uint8Array(figures.buffer, figures.byteOffset, figures.byteLength);
}
