/**
 * A job makes room for one of higher priority: with a trainer of several, or with its last one, after
 * which it waits for its turn like any other. Neither is a failure, and no step is lost.
 */
import type { StartPoint } from "./checkpoints.ts";
import {
  type ActiveJob,
  common,
  goingBack,
  type Phase,
  type Placing,
  type Preemptor,
  type Preparing,
  type Queued,
  type Training,
} from "./job.ts";

export function preemptorOf({ id, spec: { priority } }: ActiveJob): Preemptor {
  return { job: id, priority };
}

export function preemptionText({ job, priority }: Preemptor): string {
  return `preempted by ${job} of priority ${priority}`;
}

/** It goes on with the trainers that are left. */
export function giveTrainer(job: Training, trainer: string, gaveTo: Preemptor): Training {
  return { ...job, workers: job.workers.filter((name) => name !== trainer), gaveTo };
}

/** What had been prepared so far is prepared again. */
export function stopPreparing(job: Preparing, by: Preemptor, phase: Phase): Queued {
  const reason = preemptionText(by);
  return { ...common(job), state: "QUEUED", reason, preemptedBy: by, phase };
}

/** It goes on later from where it rests, in another generation. */
export function giveWay(job: Training, rest: StartPoint, by: Preemptor, phase: Phase): Placing {
  const { prepared } = job;
  const from = rest.step > 0 ? rest : undefined;
  const reason = preemptionText(by);
  const gone = { ...common(job), ...goingBack(job, rest), reason };
  return { ...gone, state: "PLACING", prepared, from, preemptedBy: by, phase };
}

/** The job is to be paused for this one, or for none; the very same object where nothing changes. */
export function yielding(job: Training, yieldsTo: Preemptor | undefined): Training {
  const same = job.yieldsTo?.job === yieldsTo?.job && job.yieldsTo?.priority === yieldsTo?.priority;
  return same ? job : { ...job, yieldsTo };
}
