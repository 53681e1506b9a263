/**
 * One look at the jobs and the fleet: what every job becomes. Pure and level-triggered: it asks
 * how things stand, never what happened, so a look too many changes nothing and a look missed is
 * made up by the next one.
 *
 * Reports first. When they have moved a job to another state, the trainers are given away only
 * in the next look: otherwise a younger job would take the trainer that an older one has just
 * set free and needs again at once.
 */
import { awaitedRests, explain, trainerShortage } from "./explain.ts";
import { type ActiveJob, because, isActive, type Job } from "./job.ts";
import { type Moment, observe } from "./observe.ts";
import { busyTrainers } from "./placement.ts";
import { staff } from "./staff.ts";

/** `jobs` in the order they came. The jobs that are no longer what they were. */
export function reconcile(jobs: readonly ActiveJob[], moment: Moment): Job[] {
  const seen = jobs.map((job) => observe(job, moment));
  const moved = seen.some((job, i) => job.state !== jobs[i]?.state);
  const next = moved ? seen : staff(seen.filter(isActive), moment);
  const { fleet } = moment;
  const active = next.filter(isActive);
  const shortage = trainerShortage(fleet, busyTrainers(active));
  const awaited = awaitedRests(active);
  const why = (job: ActiveJob) => explain(job, fleet, awaited.get(job.id) ?? shortage);
  return next
    .map((job) => (isActive(job) ? because(job, why(job)) : job))
    .filter((job, i) => job !== jobs[i]);
}
