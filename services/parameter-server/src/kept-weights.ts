/**
 * The best weights of a shard so far, which it goes to when the job is closed.
 *
 * At an epoch's end nobody knows yet whether it was the best one: its weights are held until the
 * lead's guidance for the step that follows has come, which says so or names an earlier one. What
 * is kept after a step is therefore a function of that step, as all else in a checkpoint is.
 */
interface WeightsAt {
  readonly step: number;
  readonly weights: Float32Array<ArrayBuffer>;
}

/** What a checkpoint holds of it. */
export interface Keeping {
  readonly best: WeightsAt | undefined;
  /** The shard's own weights are those that the job keeps. */
  readonly closed: boolean;
}

export class KeptWeights {
  #best: WeightsAt | undefined;
  #held: WeightsAt | undefined;
  #closed: boolean;

  constructor({ best, closed }: Keeping) {
    this.#best = best;
    this.#closed = closed;
  }

  get keeping(): Keeping {
    return { best: this.#best, closed: this.#closed };
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** An epoch has ended with these weights, which nobody else writes to. */
  hold(weights: WeightsAt): void {
    this.#held = weights;
  }

  /** The best so far are those of this step. */
  choose(step: number): void {
    if (this.#held?.step === step) this.#best = this.#held;
    this.#held = undefined;
  }

  /** The weights of this step, which have been the best at some time, or are the last. */
  close(step: number): Float32Array {
    const found = [this.#held, this.#best].find((weights) => weights?.step === step);
    if (!found) throw new Error(`the weights of step ${step} are not kept`);
    this.#best = undefined;
    this.#held = undefined;
    this.#closed = true;
    return found.weights;
  }
}
