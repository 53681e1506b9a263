/**
 * Gives trainers and servers to jobs and takes from them what has gone, or what others need more. Pure; `placement.ts`
 * says who gets what, this says when.
 */

import { newestComplete } from "./checkpoints.ts";
import type { FleetView } from "./fleet.ts";
import {
  type ActiveJob,
  type Packaging,
  type Placing,
  type Preparing,
  placeAgain,
  prepare,
  train,
} from "./job.ts";
import { makeRoom } from "./make-room.ts";
import type { Moment } from "./observe.ts";
import {
  busyTrainers,
  byPriority,
  freeTrainers,
  hasLostShards,
  heldShards,
  placeServers,
} from "./placement.ts";

/** Trainers that no job has, in the order in which they are given away. */
type Free = string[];

/** `jobs` in the order they came; what comes back is in the same order. */
export function staff(jobs: readonly ActiveJob[], moment: Moment): ActiveJob[] {
  const { fleet } = moment;
  const hosted = jobs.map((job) => rehost(dismiss(job, fleet), jobs, fleet));
  const free = freeTrainers(fleet, busyTrainers(hosted)).map(({ name }) => name);
  const staffed = new Map<string, ActiveJob>();
  const begun = byPriority(hosted).map((job) => firstTrainer(job, free, hosted, moment));
  // Only now: a trainer that a job gave up is for one that has none, not for one that wants more.
  for (const job of begun) staffed.set(job.id, moreTrainers(job, free, fleet));
  return makeRoom(
    hosted.map((job) => staffed.get(job.id) ?? job),
    moment,
  );
}

/** Takes from a job the trainers that are gone, or that have been replaced meanwhile. */
function dismiss(job: ActiveJob, fleet: FleetView): ActiveJob {
  if (job.state === "PREPARING" || job.state === "PACKAGING") {
    const gone = job.trainer !== undefined && fleet.presence(job.trainer) === "gone";
    return gone ? { ...job, trainer: undefined } : job;
  }
  if (job.state !== "TRAINING") return job;
  const counted = job.workers.filter((name) => counts(name, fleet));
  const short = counted.length < job.spec.resources.workers;
  const workers = job.workers.filter(
    (name) => counts(name, fleet) || (short && fleet.presence(name) === "away"),
  );
  return workers.length === job.workers.length ? job : { ...job, workers };
}

/** Whether a trainer is there, or may still be about to attach after the scheduler's start. */
function counts(name: string, fleet: FleetView): boolean {
  const presence = fleet.presence(name);
  if (presence === "present") return fleet.node(name)?.draining === false;
  return presence === "awaited";
}

/** Where shards are lost, and none is merely away, all begin anew from the last checkpoint. */
function rehost(job: ActiveJob, jobs: readonly ActiveJob[], fleet: FleetView): ActiveJob {
  if (job.state !== "TRAINING") return job;
  if (!hasLostShards(job, fleet)) return job;
  const others = jobs.filter(({ id }) => id !== job.id);
  const servers = placeServers(fleet, job.servers.length, heldShards(others), job.servers);
  if (servers === undefined) return job;
  return placeAgain(job, servers, newestComplete(job.checkpoints, servers.length));
}

function firstTrainer(
  job: ActiveJob,
  free: Free,
  jobs: readonly ActiveJob[],
  moment: Moment,
): ActiveJob {
  const { fleet, enter } = moment;
  switch (job.state) {
    case "QUEUED": {
      const trainer = free.shift();
      return trainer === undefined ? job : prepare(job, trainer, enter(job));
    }
    case "PREPARING":
    case "PACKAGING":
      return replaceTrainer(job, free, fleet);
    case "PLACING":
      return placeJob(job, free, jobs, moment);
    case "TRAINING": {
      if (job.workers.some((name) => counts(name, fleet))) return job;
      const trainer = free.shift();
      return trainer === undefined ? job : { ...job, workers: [...job.workers, trainer] };
    }
    case "REGISTERING":
      return job;
  }
}

function replaceTrainer<J extends Preparing | Packaging>(job: J, free: Free, fleet: FleetView): J {
  const needed = job.trainer === undefined || fleet.presence(job.trainer) === "away";
  const trainer = needed ? free.shift() : undefined;
  return trainer === undefined ? job : { ...job, trainer };
}

function placeJob(
  job: Placing,
  free: Free,
  jobs: readonly ActiveJob[],
  { fleet, enter }: Moment,
): ActiveJob {
  const servers = placeServers(fleet, job.spec.resources.servers, heldShards(jobs));
  if (servers === undefined) return job;
  const trainer = free.shift();
  return trainer === undefined ? job : train(job, { servers, workers: [trainer] }, enter(job));
}

function moreTrainers(job: ActiveJob, free: Free, fleet: FleetView): ActiveJob {
  if (job.state !== "TRAINING") return job;
  const counted = job.workers.filter((name) => counts(name, fleet)).length;
  const more = free.splice(0, Math.max(0, job.spec.resources.workers - counted));
  if (more.length === 0) return job;
  return { ...job, workers: [...job.workers, ...more], gaveTo: undefined };
}
