/** What the scheduler is told of the loss curve: what it does not know yet. */

/** What it takes of a curve: its beginning. */
const LONGEST = 4_000_000;

export interface LossNews {
  readonly firstLossStep: number;
  /** float64, little-endian. */
  readonly losses: Uint8Array;
}

export class LossCurve {
  #told = 0;

  /** All of it where the scheduler is a fresh one. */
  news(curve: readonly number[], fresh: boolean): LossNews {
    const known = Math.min(curve.length, LONGEST);
    const firstLossStep = fresh ? 0 : Math.min(this.#told, known);
    this.#told = known;
    const news = Float64Array.from(curve.slice(firstLossStep, known));
    return { firstLossStep, losses: new Uint8Array(news.buffer) };
  }
}
