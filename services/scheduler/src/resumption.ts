/** A job that has ended before its end goes on: in its place, as another generation. */
import type { Prepared } from "@amaas/proto/amaas/scheduler/v1/fleet";
import type { StartPoint } from "./checkpoints.ts";
import {
  type Cancelled,
  common,
  type EndedJob,
  type Failed,
  goingBack,
  type Job,
  type Phase,
  type Placing,
} from "./job.ts";

/** What a job can go on from. */
export type Resumable = (Failed | Cancelled) & {
  readonly checkpoint: StartPoint;
  readonly prepared: Prepared;
};

export function isResumable(job: Job): job is Resumable {
  return "checkpoint" in job && job.checkpoint !== undefined && job.prepared !== undefined;
}

/** Ended before its end, and goes on from where its training had been kept last. */
export function resume(job: Resumable, phase: Phase): Placing {
  const { prepared, checkpoint: from } = job;
  const reason = `resumed from step ${from.step}`;
  const gone = goingBack(job, from);
  const placing = { prepared, from, preemptedBy: undefined };
  return { ...common(job), ...gone, state: "PLACING", reason, ...placing, phase };
}

/** A failure may lie ahead again: it is the same data and the same arithmetic. */
export function resumptionWarning({ state, reason }: EndedJob): string {
  if (state !== "FAILED") return "";
  return (
    `it had failed (${reason}): the steps from its checkpoint on are computed to the same bits again, ` +
    "so a failure that comes of the spec or the data, as of a loss that is not finite, comes again"
  );
}
