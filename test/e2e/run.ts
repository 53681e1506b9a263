/**
 * A job followed to its end, disturbed on the way or not.
 *
 * A run is told as what the numeric contract fixes (`Bits`: digests, so that two runs compare at a
 * glance) and as what it may differ in.
 */
import { createHash } from "node:crypto";
import { type Amaas, hasEnded, type Job, type JobStateName, jobStateName } from "@amaas/client";

/** What follows from the spec alone. */
export interface Bits {
  readonly steps: number;
  readonly weightsSha256: string;
  /** SHA-256 over the loss of every step, as float64. */
  readonly lossesSha256: string;
  /** JSON of the evaluations, metrics by name. */
  readonly evaluations: string;
  /** Of the served model's file. */
  readonly digest: string;
}

export interface Run {
  readonly bits: Bits;
  readonly job: Job;
  readonly version: number;
  readonly losses: Float64Array;
  readonly seconds: number;
}

export interface Followed {
  readonly job: Job;
  readonly losses: Float64Array;
}

/** Something to do once the job has gone this many steps, or is in this state. */
export type Interruption = { readonly act: () => void } & (
  | { readonly atStep: number }
  | { readonly inState: JobStateName }
);

export async function follow(
  client: Amaas,
  id: string,
  interruptions: readonly Interruption[],
): Promise<Followed> {
  const waiting = [...interruptions];
  let losses = new Float64Array();
  for await (const update of client.jobs.watch(id)) {
    // Told again from an earlier step when the job has gone back to a checkpoint.
    losses = Float64Array.of(...losses.subarray(0, update.firstStep), ...update.losses);
    for (const due of waiting.filter((one) => isDue(one, update.job, losses.length))) {
      waiting.splice(waiting.indexOf(due), 1);
      due.act();
    }
    if (hasEnded(update.job.state)) return { job: update.job, losses };
  }
  throw new Error(`the stream of job ${id} ended before the job`);
}

function isDue(interruption: Interruption, { state }: Job, steps: number): boolean {
  return "atStep" in interruption
    ? steps >= interruption.atStep
    : jobStateName(state) === interruption.inState;
}

export function runOf({ job, losses }: Followed, seconds: number): Run {
  const { outcome, progress } = job;
  if (outcome === undefined) throw new Error(`job ${jobStateName(job.state)}: ${job.reason}`);
  const evaluations = (progress?.evaluations ?? []).map(({ step, split, metrics }) => ({
    step,
    split,
    metrics: Object.fromEntries(Object.entries(metrics).sort()),
  }));
  return {
    bits: {
      steps: losses.length,
      weightsSha256: outcome.weightsSha256,
      lossesSha256: createHash("sha256").update(losses).digest("hex"),
      evaluations: JSON.stringify(evaluations),
      digest: outcome.digest,
    },
    job,
    version: outcome.version,
    losses,
    seconds,
  };
}
