/** Names of a job's states, and which of them are the last. */
import { JobState } from "@amaas/proto/amaas/scheduler/v1/jobs";

export type JobStateName =
  | "unspecified"
  | "queued"
  | "preparing"
  | "placing"
  | "training"
  | "packaging"
  | "registering"
  | "succeeded"
  | "failed"
  | "cancelled";

const names = {
  [JobState.UNSPECIFIED]: "unspecified",
  [JobState.QUEUED]: "queued",
  [JobState.PREPARING]: "preparing",
  [JobState.PLACING]: "placing",
  [JobState.TRAINING]: "training",
  [JobState.PACKAGING]: "packaging",
  [JobState.REGISTERING]: "registering",
  [JobState.SUCCEEDED]: "succeeded",
  [JobState.FAILED]: "failed",
  [JobState.CANCELLED]: "cancelled",
} as const satisfies Readonly<Record<JobState, JobStateName>>;

export function jobStateName(state: JobState): JobStateName {
  return names[state] ?? "unspecified";
}

export function hasEnded(state: JobState): boolean {
  return state === JobState.SUCCEEDED || state === JobState.FAILED || state === JobState.CANCELLED;
}
