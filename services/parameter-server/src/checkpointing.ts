/**
 * When the state of a shard is kept: every so many steps, at the end, and where a paused job rests.
 *
 * A checkpoint is a function of its step, whenever it is made. So nothing that has come for the next
 * step is in it: a shard that has begun with that is kept after it, and what the lead has found out
 * since the step was taken is left out.
 */
import { allFinite } from "@amaas/reduction";
import type { Saved } from "./checkpoint.ts";
import type { CheckpointKeeper } from "./checkpoint-keeper.ts";
import type { History } from "./conductor.ts";
import type { KeptWeights } from "./kept-weights.ts";
import type { Plan } from "./plan.ts";
import type { Shard } from "./shard.ts";
import { seriesAt } from "./step-series.ts";

export interface CheckpointingParts {
  readonly shard: Shard;
  readonly keeper: CheckpointKeeper;
  readonly kept: KeptWeights;
  /** Of shard 0. */
  readonly history: History | undefined;
  readonly plan: Plan;
  readonly everySteps: number;
  /** The job cannot go on. */
  failed(error: unknown): void;
}

export class Checkpointing {
  readonly #parts: CheckpointingParts;
  #paused = false;

  constructor(parts: CheckpointingParts) {
    this.#parts = parts;
  }

  /** A step has been applied, and nothing of the next one is here. */
  stepDone(): void {
    const { shard, keeper, plan, everySteps } = this.#parts;
    const { step } = shard;
    // A job that goes by its validations ends when it is closed.
    const last = !plan.rules && step === plan.totalSteps;
    const due = step % everySteps === 0 && keeper.wants(step / everySteps);
    if (last || due) this.#keep(last);
    this.keepRest();
  }

  /** The shard has gone to the weights that the job keeps; the lead knows, whose history is kept as it is then. */
  closed(): void {
    this.#parts.keeper.keep(this.#saved(), true);
  }

  pause(): void {
    this.#paused = true;
    this.keepRest();
  }

  goOn(): void {
    this.#paused = false;
  }

  /** Where a paused job rests; asked for again and again, as the step at hand may not be over, or the store away. */
  keepRest(): void {
    const { shard, keeper, kept } = this.#parts;
    const { step } = shard;
    // Step 0 is the initial weights; a closed shard is kept as it closes.
    if (!this.#paused || step === 0 || kept.closed || shard.begun) return;
    if (keeper.hasRoom && !keeper.has(step)) this.#keep(false);
  }

  #keep(last: boolean): void {
    const { shard, keeper, failed } = this.#parts;
    const saved = this.#saved();
    // What a job can go back to is sound: one that is not has no use for a last checkpoint either.
    if (allFinite(saved.state.weights)) keeper.keep(saved, last);
    else
      failed(
        new Error(
          `the weights after step ${shard.step - 1} are not finite; try a smaller learning rate`,
        ),
      );
  }

  #saved(): Saved {
    const { shard, kept, history } = this.#parts;
    const asOf = kept.closed ? Number.POSITIVE_INFINITY : shard.step;
    return {
      state: shard.state(),
      keeping: kept.keeping,
      history: history && historyAt(history, asOf),
    };
  }
}

/** A copy, of what is known as a step has been applied. */
export function historyAt({ losses, evaluations, series }: History, step: number): History {
  return {
    losses: losses.slice(0, step),
    evaluations: evaluations.filter((evaluation) => evaluation.step < step),
    series: seriesAt(series, step),
  };
}
