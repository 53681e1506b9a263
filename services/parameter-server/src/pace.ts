/** How fast a job goes: samples per second, time left, and when a worker has taken too long. */

const WEIGHT = 0.1;
const MIN_PATIENCE_MS = 500;

export class Pace {
  readonly #stepMs = new Average();
  readonly #samplesPerMs = new Average();
  readonly #shareMs = new Average();

  recordStep(samples: number, elapsedMs: number): void {
    const ms = Math.max(elapsedMs, 0.01);
    this.#samplesPerMs.record(samples / ms);
    this.#stepMs.record(ms);
  }

  /** How long the first worker took that was done with its share of a step. */
  recordShare(elapsedMs: number): void {
    this.#shareMs.record(elapsedMs);
  }

  get samplesPerSecond(): number {
    return this.#samplesPerMs.value * 1000;
  }

  secondsFor(steps: number): number {
    return (this.#stepMs.value * steps) / 1000;
  }

  /**
   * Beyond this, those who are done compute what is still missing, too. It follows the fastest
   * worker, not the steps: they last as long as the patience where somebody hangs.
   */
  get patienceMs(): number {
    return Math.max(MIN_PATIENCE_MS, 5 * this.#shareMs.value);
  }
}

/** Exponentially weighted; 0 before the first value. */
export class Average {
  #value: number | undefined;

  record(value: number): void {
    this.#value = this.#value === undefined ? value : this.#value + WEIGHT * (value - this.#value);
  }

  get value(): number {
    return this.#value ?? 0;
  }
}
