/**
 * A number for each row that equal rows share, so that rows need not be compared with each other. It has
 * 53 bits: two of three million different rows share one in one data set of two thousand.
 */

export class RowHashes {
  /** By row. */
  readonly values: Float64Array;
  readonly #texts = new Map<string, number>();

  constructor(rows: number) {
    this.values = new Float64Array(rows).fill(1);
  }

  /** Takes in one more column, of the rows from `from` on. */
  add(from: number, cells: ArrayLike<unknown>): void {
    for (let at = 0; at < cells.length; at++) {
      const before = this.values[from + at] ?? 0;
      this.values[from + at] = mix(before, this.#codeOf(cells[at]));
    }
  }

  #codeOf(cell: unknown): number {
    if (typeof cell === "number") {
      // All ways of writing NaN, and both zeros, are one.
      scratch[0] = Number.isNaN(cell) ? Number.NaN : cell + 0;
      return bits[0] ?? 0;
    }
    const text = String(cell);
    const known = this.#texts.get(text) ?? this.#texts.size;
    this.#texts.set(text, known);
    return known;
  }
}

/** How many are not the first of their value. */
export function countRepeats(values: Float64Array): number {
  const sorted = values.toSorted();
  let repeats = 0;
  for (let at = 1; at < sorted.length; at++) if (sorted[at] === sorted[at - 1]) repeats++;
  return repeats;
}

const scratch = new Float32Array(1);
const bits = new Int32Array(scratch.buffer);

/** Two rounds of the finalizer of MurmurHash3 (Appleby, 2011), over both halves. */
function mix(hash: number, code: number): number {
  const high = round(Math.floor(hash / 0x1_0000_0000) ^ Math.imul(code, 0x9e3779b1));
  const low = round((hash % 0x1_0000_0000) ^ Math.imul(code ^ high, 0x85ebca6b));
  return (round(high ^ Math.imul(low, 0xc2b2ae35)) & 0x1f_ffff) * 0x1_0000_0000 + low;
}

function round(word: number): number {
  let x = word | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
