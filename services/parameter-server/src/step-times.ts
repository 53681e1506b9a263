/**
 * What the time of a step goes into, as moving means over steps: what the trainers tell of their
 * threads, scaled to the time from the orders to the applied update.
 *
 * Of the threads' waiting, as much as the lead's own range took to apply counts as applying: the
 * ranges of a job are equal but for one parameter. Figures for people, of no influence on anything.
 */
import type { StepTime } from "@amaas/proto/amaas/scheduler/v1/jobs";
import { Average } from "./pace.ts";

const parts = ["data", "compute", "reduce", "exchange", "apply", "wait"] as const;

export class StepTimes {
  readonly #means: { readonly [P in keyof StepTime]: Average } = {
    data: new Average(),
    compute: new Average(),
    reduce: new Average(),
    exchange: new Average(),
    apply: new Average(),
    wait: new Average(),
  };
  /** Of the step at hand, over all threads. */
  #told: StepTime = none();
  #applySeconds = 0;
  #steps = 0;

  /** What a trainer tells of a node of the step at hand. */
  add(time: StepTime): void {
    for (const part of parts) {
      const seconds = time[part];
      if (seconds > 0 && Number.isFinite(seconds)) this.#told[part] += seconds;
    }
  }

  applied(ms: number): void {
    this.#applySeconds += ms / 1000;
  }

  /** The step at hand is over. */
  end(elapsedMs: number): void {
    const total = parts.reduce((sum, part) => sum + this.#told[part], 0);
    const applySeconds = this.#applySeconds;
    this.#applySeconds = 0;
    // A step's last threads tell of it when it is over, and so count in the next.
    if (total === 0) return;
    const scale = elapsedMs / 1000 / total;
    const waited = this.#told.wait * scale;
    const apply = Math.min(waited, applySeconds);
    for (const part of ["data", "compute", "reduce", "exchange"] as const)
      this.#means[part].record(this.#told[part] * scale);
    this.#means.apply.record(apply);
    this.#means.wait.record(waited - apply);
    this.#told = none();
    this.#steps += 1;
  }

  /** None before anybody has told anything. */
  get means(): StepTime | undefined {
    if (this.#steps === 0) return undefined;
    const { data, compute, reduce, exchange, apply, wait } = this.#means;
    return {
      data: data.value,
      compute: compute.value,
      reduce: reduce.value,
      exchange: exchange.value,
      apply: apply.value,
      wait: wait.value,
    };
  }
}

function none(): StepTime {
  return { data: 0, compute: 0, reduce: 0, exchange: 0, apply: 0, wait: 0 };
}
