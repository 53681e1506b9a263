/**
 * A job as a state machine.
 *
 * Every state is a type that holds what that state needs and no more; every transition is a pure
 * function that names the states it may come from. Nothing here knows of nodes' streams, rows or
 * time: who calls says when, and under which span the next phase runs.
 */
import type { Packaged, Prepared } from "@amaas/proto/amaas/scheduler/v1/fleet";
import type { Outcome, Progress } from "@amaas/proto/amaas/scheduler/v1/jobs";
import type { JobSpec } from "@amaas/spec";
import { type Checkpoints, noCheckpoints, type StartPoint } from "./checkpoints.ts";

/** A running phase: the span that is recorded when it ends has this traceparent. */
export interface Phase {
  readonly traceparent: string;
  readonly start: number;
}

interface Common {
  readonly id: string;
  readonly spec: JobSpec;
  /** Trace context of the submission, which every phase descends from. */
  readonly root: string;
  /** Counts placements, from 1; it grows whenever a parameter-server shard was lost, and on a resumption. */
  readonly generation: number;
  /** Why the job is where it is, for a person. */
  readonly reason: string;
  readonly createdAt: number;
  /** When it left the queue. */
  readonly startedAt: number | undefined;
  readonly progress: Progress | undefined;
  /** Blob with the report on its data, once they have been prepared. */
  readonly dataReport: string | undefined;
  /** Counts the writes to its row. */
  readonly revision: number;
}

interface Active extends Common {
  readonly phase: Phase;
}

/** A job that another one has made room for. */
export interface Preemptor {
  readonly job: string;
  readonly priority: number;
}

/** Waits for a trainer. */
export interface Queued extends Active {
  readonly state: "QUEUED";
  /** Took its trainer. */
  readonly preemptedBy: Preemptor | undefined;
}

/** A trainer reads the data and derives the graphs. */
export interface Preparing extends Active {
  readonly state: "PREPARING";
  /** Undefined while the job waits for another one. */
  readonly trainer: string | undefined;
}

/** Waits for parameter servers and a trainer. */
export interface Placing extends Active {
  readonly state: "PLACING";
  readonly prepared: Prepared;
  /** Where it goes on, if it has been further before. */
  readonly from: StartPoint | undefined;
  /** Took its last trainer. */
  readonly preemptedBy: Preemptor | undefined;
}

/** Where a shard of the parameters is held. */
export interface ServerPlace {
  readonly node: string;
  readonly address: string;
  /** Of the node when the shard was placed; under another one its memory is lost. */
  readonly incarnation: string;
}

/** Servers hold the parameters, trainers compute gradients. */
export interface Training extends Active {
  readonly state: "TRAINING";
  readonly prepared: Prepared;
  /** By shard. */
  readonly servers: readonly ServerPlace[];
  /** Where this generation began. */
  readonly start: StartPoint;
  /** Trainers by name. */
  readonly workers: readonly string[];
  readonly checkpoints: Checkpoints;
  /** Took a trainer from it last, and left it others. */
  readonly gaveTo: Preemptor | undefined;
  /** Is to have its last trainer, once a checkpoint says where it goes on. */
  readonly yieldsTo: Preemptor | undefined;
}

/** A trainer makes the served model out of the final weights. */
export interface Packaging extends Active {
  readonly state: "PACKAGING";
  readonly prepared: Prepared;
  /** Where the final weights are. */
  readonly final: StartPoint;
  readonly trainer: string | undefined;
}

/** The registry is told of the version. */
export interface Registering extends Active {
  readonly state: "REGISTERING";
  readonly prepared: Prepared;
  readonly final: StartPoint;
  readonly packaged: Packaged;
}

interface Over extends Common {
  readonly endedAt: number;
}

export interface Succeeded extends Over {
  readonly state: "SUCCEEDED";
  readonly outcome: Outcome;
}

/** Has ended before its end. */
export interface Broken extends Over {
  /** The newest that is complete, and what it takes to go on from there. */
  readonly checkpoint: StartPoint | undefined;
  readonly prepared: Prepared | undefined;
}

export interface Failed extends Broken {
  readonly state: "FAILED";
}

export interface Cancelled extends Broken {
  readonly state: "CANCELLED";
}

export type ActiveJob = Queued | Preparing | Placing | Training | Packaging | Registering;
export type EndedJob = Succeeded | Failed | Cancelled;
export type Job = ActiveJob | EndedJob;
export type State = Job["state"];

export const states = [
  "QUEUED",
  "PREPARING",
  "PLACING",
  "TRAINING",
  "PACKAGING",
  "REGISTERING",
  "SUCCEEDED",
  "FAILED",
  "CANCELLED",
] as const satisfies readonly State[];

export function isActive(job: Job): job is ActiveJob {
  return !("endedAt" in job);
}

export interface Submission {
  readonly id: string;
  readonly spec: JobSpec;
  readonly root: string;
  readonly phase: Phase;
}

export function queue({ id, spec, root, phase }: Submission): Queued {
  return {
    state: "QUEUED",
    id,
    spec,
    root,
    phase,
    generation: 1,
    reason: "waits for a trainer",
    preemptedBy: undefined,
    createdAt: phase.start,
    startedAt: undefined,
    progress: undefined,
    dataReport: undefined,
    revision: 1,
  };
}

export function prepare(job: Queued, trainer: string, phase: Phase): Preparing {
  const startedAt = job.startedAt ?? phase.start;
  return { ...common(job), state: "PREPARING", trainer, phase, startedAt };
}

export function place(job: Preparing, prepared: Prepared, phase: Phase): Placing {
  const { dataReport } = prepared;
  const anew = { from: undefined, preemptedBy: undefined };
  return { ...common(job), dataReport, state: "PLACING", prepared, ...anew, phase };
}

export interface Placement {
  readonly servers: readonly ServerPlace[];
  readonly workers: readonly string[];
}

export function train(job: Placing, { servers, workers }: Placement, phase: Phase): Training {
  const { prepared, from } = job;
  const start = from ?? { step: 0, digests: servers.map(() => "") };
  return {
    ...common(job),
    state: "TRAINING",
    prepared,
    servers,
    start,
    workers,
    checkpoints: from ? { [from.step]: from.digests } : noCheckpoints,
    gaveTo: undefined,
    yieldsTo: undefined,
    phase,
  };
}

/** Shards were lost: all begin again from the newest checkpoint that is complete. */
export function placeAgain(
  job: Training,
  servers: readonly ServerPlace[],
  start: StartPoint,
): Training {
  return { ...job, ...goingBack(job, start), servers, start };
}

/** What it makes, for those who have no part in whose turn it is: nodes, and who asks where a version is from. */
export function workOf({ priority: _, ...spec }: JobSpec): Omit<JobSpec, "priority"> {
  return spec;
}

/** What another generation, which begins at `start`, makes of what was known. */
export function goingBack({ generation, progress }: Job, { step: begin }: StartPoint) {
  return {
    generation: generation + 1,
    progress: progress && {
      ...progress,
      step: Math.min(progress.step, begin),
      // The lead tells anew what it finds to be the end, and tests again.
      evaluations: progress.evaluations.filter(
        ({ step, split }) => step <= begin && split !== "test",
      ),
      ending: undefined,
      restarts: generation,
    },
  };
}

export function pack(
  job: Training,
  final: StartPoint,
  trainer: string | undefined,
  phase: Phase,
): Packaging {
  const { prepared } = job;
  return { ...common(job), state: "PACKAGING", prepared, final, trainer, phase };
}

export function register(job: Packaging, packaged: Packaged, phase: Phase): Registering {
  const { prepared, final } = job;
  const reason = "tells the registry of the version";
  return { ...common(job), state: "REGISTERING", reason, prepared, final, packaged, phase };
}

/** The same job, another reason; the very same object where nothing changes. */
export function because<J extends Job>(job: J, reason: string): J {
  return job.reason === reason ? job : { ...job, reason };
}

export function common(job: Job): Common {
  const { id, spec, root, generation, reason, createdAt, startedAt } = job;
  const { progress, dataReport, revision } = job;
  return {
    id,
    spec,
    root,
    generation,
    reason,
    createdAt,
    startedAt,
    progress,
    dataReport,
    revision,
  };
}
