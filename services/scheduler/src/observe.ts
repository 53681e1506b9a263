/**
 * What the nodes' reports make of a job: results move it on, failures end it, checkpoints and
 * progress are taken down. Pure; at most one transition at a time.
 *
 * A report counts by its task id, whichever node it comes from, except that a shard's counts
 * only from the process that the shard was placed on.
 */
import { isDeepStrictEqual } from "node:util";
import {
  type Hosted,
  type Packaged,
  type Prepared,
  TaskState,
  type TaskStatus,
} from "@amaas/proto/amaas/scheduler/v1/fleet";
import type { Progress } from "@amaas/proto/amaas/scheduler/v1/jobs";
import { newestComplete, record, type StartPoint } from "./checkpoints.ts";
import { fail } from "./endings.ts";
import type { FleetView, Node } from "./fleet.ts";
import {
  type ActiveJob,
  type Job,
  type Packaging,
  type Phase,
  type Placing,
  type Preparing,
  pack,
  place,
  register,
  type Training,
} from "./job.ts";
import { hasLostShards, takesShards } from "./placement.ts";
import { giveWay } from "./preemption.ts";
import { hostId, packageId, prepareId, trainId } from "./tasks.ts";

export interface Moment {
  readonly fleet: FleetView;
  readonly now: number;
  /** The phase that begins now, under the job's root. */
  enter(job: ActiveJob): Phase;
  /** Two nodes computed different states of the same step. */
  differs(job: ActiveJob, shard: number, step: number): void;
}

export function observe(job: ActiveJob, moment: Moment): Job {
  switch (job.state) {
    case "PREPARING":
      return observePreparing(job, moment);
    case "TRAINING":
      return observeTraining(job, moment);
    case "PACKAGING":
      return observePackaging(job, moment);
    default:
      return job;
  }
}

function observePreparing(job: Preparing, { fleet, now, enter }: Moment): Job {
  const report = outcomeOf(prepareId(job), fleet.nodes);
  if (!report) return job;
  const { node, status } = report;
  if (status.state === TaskState.FAILED) return fail(job, failureOf(node, status), now);
  const prepared = status.detail?.$case === "prepared" ? status.detail.value : undefined;
  const fault = faultOf(prepared);
  if (prepared === undefined || fault !== undefined)
    return fail(job, `${node.name} reported a preparation ${fault ?? "without a result"}`, now);
  return place(job, prepared, enter(job));
}

function observePackaging(job: Packaging, { fleet, now, enter }: Moment): Job {
  const report = outcomeOf(packageId(job), fleet.nodes);
  if (!report) return job;
  const { node, status } = report;
  if (status.state === TaskState.FAILED) return fail(job, failureOf(node, status), now);
  const packaged = status.detail?.$case === "packaged" ? status.detail.value : undefined;
  if (packaged === undefined || !isDigest(packaged.digest))
    return fail(job, `${node.name} reported a package without a digest`, now);
  return register(job, packaged satisfies Packaged, enter(job));
}

function observeTraining(job: Training, moment: Moment): Job {
  const seen = takeDown(job, moment);
  const failed = failedTask(seen, moment.fleet);
  if (failed) return fail(seen, failureOf(failed.node, failed.status), moment.now);
  const final = finalCheckpoints(seen);
  if (final === undefined) return makeWay(seen, moment);
  const [trainer] = seen.workers.filter((name) => moment.fleet.node(name)?.draining === false);
  return pack(seen, final, trainer, moment.enter(seen));
}

/**
 * Once every shard has kept the step that a paused job rests at, there is nothing to lose. Nor is there
 * where shards are lost and nobody takes them: the job cannot come to rest, and its trainer does nothing.
 */
function makeWay(job: Training, { fleet, enter }: Moment): Training | Placing {
  if (!job.yieldsTo) return job;
  const newest = newestComplete(job.checkpoints, job.servers.length);
  const lead = hostedBy(job, 0, fleet);
  const rests = lead?.resting === true && lead.step === newest.step;
  const stranded = hasLostShards(job, fleet) && !takesShards(fleet);
  return rests || stranded ? giveWay(job, newest, job.yieldsTo, enter(job)) : job;
}

/** Checkpoints of every shard, progress of the lead. */
function takeDown(job: Training, { fleet, differs }: Moment): Training {
  let { checkpoints, progress } = job;
  job.servers.forEach((_, shard) => {
    const hosted = hostedBy(job, shard, fleet);
    if (!hosted) return;
    const recorded = record(checkpoints, job.servers.length, shard, hosted.checkpoints);
    for (const step of recorded.differing) differs(job, shard, step);
    checkpoints = recorded.checkpoints;
    if (shard === 0 && hosted.progress) progress = progressOf(job, hosted.progress);
  });
  const same = checkpoints === job.checkpoints && progress === job.progress;
  return same ? job : { ...job, checkpoints, progress };
}

/** The lead does not know of earlier generations. The very same object where nothing is new. */
function progressOf(job: Training, reported: Progress): Progress {
  const progress = { ...reported, restarts: job.generation - 1 };
  return isDeepStrictEqual(progress, job.progress) ? (job.progress ?? progress) : progress;
}

/** What the lead says is the end, once all have written it down and the test split is evaluated. */
function finalCheckpoints({ prepared, checkpoints, progress }: Training): StartPoint | undefined {
  const step = progress?.ending?.version;
  const digests = step === undefined ? undefined : checkpoints[step];
  if (step === undefined || digests === undefined || digests.includes("")) return undefined;
  const tested = progress?.evaluations.some(({ split }) => split === "test") ?? false;
  return tested || !prepared.test?.rows ? { step, digests } : undefined;
}

interface Report {
  readonly node: Node;
  readonly status: TaskStatus;
}

function failedTask(job: Training, fleet: FleetView): Report | undefined {
  const ids = new Set([trainId(job), ...job.servers.map((_, shard) => hostId(job, shard))]);
  for (const node of fleet.nodes)
    for (const status of node.tasks.values())
      if (status.state === TaskState.FAILED && ids.has(status.id)) return { node, status };
  return undefined;
}

/** How a shard stands, told by the very process that it was placed on. */
function hostedBy(job: Training, shard: number, fleet: FleetView): Hosted | undefined {
  const place = job.servers[shard];
  const node = place && fleet.node(place.node);
  if (!node || node.incarnation !== place.incarnation) return undefined;
  const detail = node.tasks.get(hostId(job, shard))?.detail;
  return detail?.$case === "hosted" ? detail.value : undefined;
}

function outcomeOf(id: string, nodes: readonly Node[]): Report | undefined {
  for (const node of nodes) {
    const status = node.tasks.get(id);
    if (status?.state === TaskState.DONE || status?.state === TaskState.FAILED)
      return { node, status };
  }
  return undefined;
}

function failureOf(node: Node, status: TaskStatus): string {
  return `${node.name}: ${status.failure || "failed without a reason"}`;
}

function faultOf(prepared: Prepared | undefined): string | undefined {
  if (prepared === undefined) return "without a result";
  if (prepared.totalSteps === 0) return "of no steps";
  if (prepared.parameterCount === 0 || prepared.parameters.length === 0) return "of no parameters";
  for (const key of ["trainingGraph", "evaluationGraph", "servingGraph", "initialWeights"] as const)
    if (!isDigest(prepared[key])) return `whose ${key} is no digest`;
  return undefined;
}

function isDigest(text: string): boolean {
  return /^sha256:[0-9a-f]{64}$/.test(text);
}
