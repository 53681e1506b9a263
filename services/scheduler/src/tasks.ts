/**
 * Which tasks a node should have: a pure function of the jobs, so that a scheduler that starts
 * again tells the nodes the same and they just go on.
 *
 * A task's id is `<job>/<generation>/<kind>[/<index>]`, and its content never changes: whatever
 * would change it (a lost shard, another place) makes another generation.
 */
import type { Task } from "@amaas/proto/amaas/scheduler/v1/fleet";
import type { Node } from "./fleet.ts";
import { type ActiveJob, type Training, workOf } from "./job.ts";

export const prepareId = (job: ActiveJob): string => `${job.id}/${job.generation}/prepare`;
export const trainId = (job: ActiveJob): string => `${job.id}/${job.generation}/train`;
export const packageId = (job: ActiveJob): string => `${job.id}/${job.generation}/package`;
export const pauseId = (job: ActiveJob, shard: number): string =>
  `${job.id}/${job.generation}/pause/${shard}`;
export const hostId = (job: ActiveJob, shard: number): string =>
  `${job.id}/${job.generation}/host/${shard}`;

export function desiredTasks(jobs: Iterable<ActiveJob>, node: Node): Task[] {
  const tasks: Task[] = [];
  for (const job of jobs) {
    if (job.state === "PREPARING" && job.trainer === node.name)
      tasks.push(task(job, prepareId(job), { $case: "prepare", value: {} }));
    if (job.state === "TRAINING") tasks.push(...hostTasks(job, node), ...trainTasks(job, node));
    if (job.state === "PACKAGING" && job.trainer === node.name) {
      const { step, digests } = job.final;
      const value = { prepared: job.prepared, checkpoints: [...digests], version: step };
      tasks.push(task(job, packageId(job), { $case: "package", value }));
    }
  }
  return tasks;
}

/** A node under another incarnation has lost the shards: it gets them anew, never these. */
function hostTasks(job: Training, node: Node): Task[] {
  return job.servers.flatMap((place, shard) => {
    if (place.node !== node.name || place.incarnation !== node.incarnation) return [];
    const value = {
      prepared: job.prepared,
      shard,
      shards: job.servers.length,
      step: job.start.step,
      checkpoint: job.start.digests[shard] ?? "",
      lead: job.servers[0]?.address ?? "",
    };
    const host = task(job, hostId(job, shard), { $case: "host", value });
    if (!job.yieldsTo) return [host];
    // After what is paused: a node starts its tasks in this order.
    return [host, task(job, pauseId(job, shard), { $case: "pause", value: { shard } })];
  });
}

function trainTasks(job: Training, node: Node): Task[] {
  if (!job.workers.includes(node.name)) return [];
  const servers = job.servers.map(({ address }) => address);
  return [task(job, trainId(job), { $case: "train", value: { prepared: job.prepared, servers } })];
}

function task(job: ActiveJob, id: string, work: NonNullable<Task["work"]>): Task {
  const { generation, phase } = job;
  return {
    id,
    job: job.id,
    generation,
    traceparent: phase.traceparent,
    // Nodes that are older refuse fields that they do not know.
    spec: workOf(job.spec),
    work,
  };
}
