/**
 * How long a batch takes by its rows: ms = a + b * rows, learned from the runs.
 *
 * Runs are kept by powers of two of their size, each with a mean that follows the newest ones and
 * that a single slow run, because something else had the processor, moves by a tenth at most. The
 * line is fitted through these means, those that are seen often counting most; neither its start nor
 * its slope is ever negative. Until a run has been seen, everything takes no time.
 */
interface Size {
  /** Means over the newest runs. */
  rows: number;
  ms: number;
  runs: number;
  /** When it was seen last, counted in runs. */
  seen: number;
}

/** How far a mean follows a new run. */
const gain = 0.2;
/** What the sizes that are seen no longer still count, against those of the last run. */
const leastWeight = 1e-3;
const forgetting = 0.98;

export class CostModel {
  readonly #sizes: (Size | undefined)[] = [];
  #runs = 0;
  #start = 0;
  #slope = 0;
  #tail = 1.2;

  /** Milliseconds that a batch of `rows` takes. */
  ms(rows: number): number {
    return this.#start + this.#slope * rows;
  }

  /** Milliseconds of a run beside what its rows take. */
  get startMs(): number {
    return this.#start;
  }

  get rowMs(): number {
    return this.#slope;
  }

  get known(): boolean {
    return this.#runs > 0;
  }

  /** By how much 99 of 100 runs exceed `ms` at most: a factor of at least 1. */
  get tail(): number {
    return this.#tail;
  }

  /** Rows of the largest batch that takes at most `ms` in 99 of 100 runs; at least 1. */
  rowsWithin(ms: number): number {
    const left = ms / this.#tail - this.#start;
    if (this.#slope <= 0) return left >= 0 ? Number.POSITIVE_INFINITY : 1;
    return Math.max(1, Math.floor(left / this.#slope));
  }

  ran(rows: number, ms: number): void {
    this.#learnTail(rows, ms);
    this.#runs++;
    const index = 31 - Math.clz32(rows);
    this.#sizes[index] = follow(this.#sizes[index], rows, ms, this.#runs);
    this.#fit();
  }

  /** A step up for each run beyond it and a hundredth of that down for each other: it settles where 1 in 100 is beyond. */
  #learnTail(rows: number, ms: number): void {
    const expected = this.ms(rows);
    if (expected <= 0) return;
    const step = ms > expected * this.#tail ? 0.0495 : -0.0005;
    this.#tail = Math.min(4, Math.max(1, this.#tail + step));
  }

  #fit(): void {
    let [weights, rows, ms, squares, products] = [0, 0, 0, 0, 0];
    for (const size of this.#sizes) {
      if (size === undefined) continue;
      const weight = Math.max(leastWeight, forgetting ** (this.#runs - size.seen));
      weights += weight;
      rows += weight * size.rows;
      ms += weight * size.ms;
      squares += weight * size.rows * size.rows;
      products += weight * size.rows * size.ms;
    }
    const spread = squares - (rows * rows) / weights;
    // One size says nothing of the slope: half of it is taken to be the start.
    const slope =
      spread > 1e-9 * squares ? (products - (rows * ms) / weights) / spread : ms / rows / 2;
    const start = (ms - slope * rows) / weights;
    if (slope < 0) [this.#start, this.#slope] = [ms / weights, 0];
    else if (start < 0) [this.#start, this.#slope] = [0, products / squares];
    else [this.#start, this.#slope] = [start, slope];
  }
}

function follow(size: Size | undefined, rows: number, ms: number, now: number): Size {
  if (size === undefined) return { rows, ms, runs: 1, seen: now };
  const step = Math.max(gain, 1 / ++size.runs);
  size.rows += (rows - size.rows) * step;
  size.ms += Math.min(ms - size.ms, size.ms / 2) * step;
  size.seen = now;
  return size;
}
