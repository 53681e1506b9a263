/** Why a job is where it is, in words for a person. Pure. */
import type { FleetView, Role } from "./fleet.ts";
import type { ActiveJob, Placing, Queued, Training } from "./job.ts";
import { fateOf } from "./placement.ts";
import { preemptionText } from "./preemption.ts";

/** `shortage` is why there is no trainer for this job, if it needs one. */
export function explain(job: ActiveJob, fleet: FleetView, shortage: string): string {
  switch (job.state) {
    case "QUEUED":
      return afterPreemption(job, shortage);
    case "PREPARING":
      return atWork(job.trainer, "prepares the data", fleet, shortage);
    case "PLACING":
      return afterPreemption(job, serverShortage(fleet) ?? shortage);
    case "TRAINING":
      return trainingReason(job, fleet, shortage);
    case "PACKAGING":
      return atWork(job.trainer, "makes the served model", fleet, shortage);
    case "REGISTERING":
      // Told by whoever talks to the registry.
      return job.reason;
  }
}

function afterPreemption(job: Queued | Placing, waiting: string): string {
  const { preemptedBy } = job;
  if (!preemptedBy) return waiting;
  const from = job.state === "PLACING" ? ` at step ${job.from?.step ?? 0}` : "";
  return `${preemptionText(preemptedBy)}${from}: ${waiting}`;
}

function atWork(
  trainer: string | undefined,
  doing: string,
  fleet: FleetView,
  shortage: string,
): string {
  if (trainer === undefined) return shortage;
  if (fleet.presence(trainer) === "present") return `${trainer} ${doing}`;
  return `waits for ${trainer} to attach again`;
}

function trainingReason(job: Training, fleet: FleetView, shortage: string): string {
  const fates = job.servers.map((_, shard) => fateOf(job, shard, fleet));
  const away = job.servers.filter((_, shard) => fates[shard] === "away").map(({ node }) => node);
  if (away.length > 0)
    return `waits for ${[...new Set(away)].join(", ")} to attach again; shards that stay away are placed anew`;
  if (fates.includes("lost"))
    return serverShortage(fleet) ?? "shards were lost and are placed anew";
  const present = job.workers.filter((name) => fleet.presence(name) === "present");
  if (job.yieldsTo)
    return `is brought to a checkpoint to make room for ${job.yieldsTo.job} of priority ${job.yieldsTo.priority}`;
  if (present.length > 0) {
    const { workers } = job.spec.resources;
    const lent = job.gaveTo
      ? `; ${job.gaveTo.job} of priority ${job.gaveTo.priority} took one`
      : "";
    return `trains on ${present.join(", ")} (${present.length} of ${workers} trainers${lent})`;
  }
  const [awaited] = job.workers;
  return awaited === undefined ? shortage : `waits for ${job.workers.join(", ")} to attach again`;
}

/** Of the jobs that others make room for, by id: what they wait for. */
export function awaitedRests(jobs: Iterable<ActiveJob>): Map<string, string> {
  const awaited = new Map<string, string>();
  for (const job of jobs)
    if (job.state === "TRAINING" && job.yieldsTo)
      awaited.set(
        job.yieldsTo.job,
        `waits for ${job.id} of priority ${job.spec.priority}, which is brought to a checkpoint to make room`,
      );
  return awaited;
}

/** The same for every job, so that a long queue is not a long look. */
export function trainerShortage(fleet: FleetView, busy: ReadonlyMap<string, string>): string {
  const trainers = fleet.nodes.filter(({ role }) => role === "trainer");
  if (trainers.length === 0) return "waits for a trainer: none is attached";
  const stopping = trainers.filter(({ draining }) => draining).length;
  const working = trainers.filter(({ name, draining }) => !draining && busy.has(name));
  // Given away in the next look, which follows at once.
  if (working.length + stopping < trainers.length) return "is about to get a trainer";
  const jobs = [...new Set(working.map(({ name }) => busy.get(name)))].join(", ");
  return waitsFor("trainer", trainers.length, [
    [working.length, `busy with ${jobs}`],
    [stopping, "about to stop"],
  ]);
}

/** Undefined where there is a parameter server that takes shards. */
function serverShortage(fleet: FleetView): string | undefined {
  const servers = fleet.nodes.filter(({ role }) => role === "parameter-server");
  if (servers.length === 0) return "waits for a parameter server: none is attached";
  const stopping = servers.filter(({ draining }) => draining).length;
  if (stopping < servers.length) return undefined;
  return waitsFor("parameter-server", servers.length, [[stopping, "about to stop"]]);
}

/** "waits for a trainer: 2 attached, both busy with job_x" */
function waitsFor(role: Role, all: number, why: readonly (readonly [number, string])[]): string {
  const parts = why
    .filter(([count]) => count > 0)
    .map(([count, text]) => [share(count, all), text].filter(Boolean).join(" "));
  return [`waits for a ${role.replace("-", " ")}: ${all} attached`, ...parts].join(", ");
}

function share(count: number, all: number): string {
  if (count < all) return String(count);
  return all === 1 ? "" : all === 2 ? "both" : "all";
}
