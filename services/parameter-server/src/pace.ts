/** How fast a job goes: samples per second, time left, and when a step has taken too long. */

const WEIGHT = 0.1;
const MIN_PATIENCE_MS = 500;

export class Pace {
  #stepMs: number | undefined;
  #samplesPerMs = 0;

  record(samples: number, elapsedMs: number): void {
    const ms = Math.max(elapsedMs, 0.01);
    const rate = samples / ms;
    const first = this.#stepMs === undefined;
    this.#samplesPerMs = first ? rate : this.#samplesPerMs + WEIGHT * (rate - this.#samplesPerMs);
    this.#stepMs = first ? ms : (this.#stepMs ?? ms) + WEIGHT * (ms - (this.#stepMs ?? ms));
  }

  get samplesPerSecond(): number {
    return this.#samplesPerMs * 1000;
  }

  secondsFor(steps: number): number {
    return ((this.#stepMs ?? 0) * steps) / 1000;
  }

  /** Beyond this, those who are done compute what is still missing, too. */
  get patienceMs(): number {
    return Math.max(MIN_PATIENCE_MS, 5 * (this.#stepMs ?? 0));
  }
}
