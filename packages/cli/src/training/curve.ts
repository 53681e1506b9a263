/** What is known of a job while it is followed: its newest state, and the loss of every step so far. */
import type { Evaluation, Job, JobUpdate, Progress } from "@amaas/client";

export class Curve {
  readonly losses: number[] = [];
  #job: Job;
  #revision = 0;
  #busy: Progress | undefined;

  constructor(job: Job) {
    this.#job = job;
  }

  get job(): Job {
    return this.#job;
  }

  /** Counts what was taken. */
  get revision(): number {
    return this.#revision;
  }

  /** The newest progress while somebody was at work. */
  get busy(): Progress | undefined {
    return this.#busy;
  }

  /** A step told twice, as after a return to a checkpoint, is the same step. */
  take({ job, firstStep, losses }: JobUpdate): void {
    this.#job = job;
    this.#revision++;
    if (job.progress && job.progress.workers > 0 && job.progress.samplesPerSecond > 0)
      this.#busy = job.progress;
    while (this.losses.length < firstStep) this.losses.push(Number.NaN);
    losses.forEach((loss, at) => {
      this.losses[firstStep + at] = loss;
    });
  }

  get validations(): Evaluation[] {
    return this.#evaluations("validation");
  }

  get test(): Evaluation | undefined {
    return this.#evaluations("test").at(-1);
  }

  #evaluations(split: string): Evaluation[] {
    return (this.#job.progress?.evaluations ?? []).filter((found) => found.split === split);
  }
}
