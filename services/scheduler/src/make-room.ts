/**
 * Which jobs make room for those of higher priority that have no trainer. Pure.
 *
 * One trainer is all that a job needs to go on, so each job that waits for its first one is given
 * one: of the job of the lowest priority, the youngest of equals. It is only taken here; who gets
 * it is found out when it is free. A job's last trainer is free once the job rests at a checkpoint,
 * which is why it is asked again at every look whether it still has to.
 *
 * Equals never take anything from each other, and what makes the served model keeps its trainer:
 * it is about to be free.
 */
import type { FleetView } from "./fleet.ts";
import type { ActiveJob, Preemptor } from "./job.ts";
import type { Moment } from "./observe.ts";
import { byPriority, takesShards, trainersOf } from "./placement.ts";
import { giveTrainer, preemptorOf, stopPreparing, yielding } from "./preemption.ts";

interface Offer {
  readonly job: ActiveJob;
  readonly trainer: string;
}

/** `jobs` after all that was free has been given away. */
export function makeRoom(jobs: readonly ActiveJob[], moment: Moment): ActiveJob[] {
  const takers = takersAmong(jobs, moment.fleet);
  const offers = takers.length > 0 ? offersOf(jobs, moment.fleet) : [];
  const made = new Map<string, ActiveJob>();
  for (const [i, taker] of takers.entries()) {
    const offer = offers[i];
    // The next takers have no higher priority, the next offers no lower one.
    if (!offer || offer.job.spec.priority >= taker.spec.priority) break;
    const job = made.get(offer.job.id) ?? offer.job;
    made.set(job.id, without(job, offer.trainer, preemptorOf(taker), moment));
  }
  return jobs.map((job) => made.get(job.id) ?? undisturbed(job));
}

/** Those that could go on at once with one trainer, the first to be served first. */
function takersAmong(jobs: readonly ActiveJob[], fleet: FleetView): ActiveJob[] {
  // Trainers that have not had the time to attach again may be free.
  if (!fleet.settled) return [];
  const placeable = takesShards(fleet);
  return byPriority(jobs)
    .filter((job) => job.state !== "REGISTERING" && trainersOf(job).length === 0)
    .filter(({ state }) => placeable || (state !== "PLACING" && state !== "TRAINING"));
}

/** What can be taken, in the order in which it is. */
function offersOf(jobs: readonly ActiveJob[], fleet: FleetView): Offer[] {
  return jobs
    .filter(({ state }) => state === "PREPARING" || state === "TRAINING")
    .reverse()
    .sort((a, b) => a.spec.priority - b.spec.priority)
    .flatMap((job) =>
      trainersOf(job)
        .filter((name) => isAtWork(name, fleet))
        .reverse()
        .map((trainer) => ({ job, trainer })),
    );
}

function without(job: ActiveJob, trainer: string, by: Preemptor, moment: Moment): ActiveJob {
  if (job.state === "PREPARING") return stopPreparing(job, by, moment.enter(job));
  if (job.state !== "TRAINING") return job;
  const others = job.workers.some((name) => name !== trainer && isAtWork(name, moment.fleet));
  return others ? giveTrainer(job, trainer, by) : yielding(job, by);
}

function isAtWork(trainer: string, fleet: FleetView): boolean {
  return fleet.node(trainer)?.draining === false;
}

function undisturbed(job: ActiveJob): ActiveJob {
  return job.state === "TRAINING" ? yielding(job, undefined) : job;
}
