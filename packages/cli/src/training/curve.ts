/** What is known of a job while it is followed: its newest state, and the figures of every step so far. */
import type { Evaluation, Job, JobUpdate, Progress } from "@amaas/client";

export class Curve {
  readonly losses: number[] = [];
  /** Other figures of each step, by name; NaN where one is not known. */
  readonly series = new Map<string, number[]>();
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
  take({ job, firstStep, losses, series }: JobUpdate): void {
    this.#job = job;
    this.#revision++;
    if (job.progress && job.progress.workers > 0 && job.progress.samplesPerSecond > 0)
      this.#busy = job.progress;
    put(this.losses, firstStep, losses);
    for (const { name, firstStep: first, values } of series) {
      const known = this.series.get(name) ?? [];
      this.series.set(name, known);
      put(known, first, values);
    }
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

function put(known: number[], first: number, values: Float64Array): void {
  while (known.length < first) known.push(Number.NaN);
  values.forEach((value, at) => {
    known[first + at] = value;
  });
}
