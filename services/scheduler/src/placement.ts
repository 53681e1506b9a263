/**
 * Which trainers and parameter servers a job gets. Pure: the answer depends on the jobs and the
 * fleet alone, and on nothing else in them but their names and numbers.
 *
 * A trainer works for one job at a time. The jobs are served by priority, and those of one priority in
 * the order they came: first every one that has no trainer gets one, then those with fewer trainers
 * than they want get more. What a job has goes only to one of higher priority that has none
 * (`make-room.ts`). Parameter servers hold shards of any number of jobs; a
 * job's shards are spread over as many of them as there are.
 */
import type { FleetView, Node, Role } from "./fleet.ts";
import type { ActiveJob, ServerPlace, Training } from "./job.ts";

/** The trainers' jobs, by name. */
export function busyTrainers(jobs: Iterable<ActiveJob>): Map<string, string> {
  const busy = new Map<string, string>();
  for (const job of jobs) for (const name of trainersOf(job)) busy.set(name, job.id);
  return busy;
}

export function trainersOf(job: ActiveJob): readonly string[] {
  if (job.state === "TRAINING") return job.workers;
  if (job.state === "PREPARING" || job.state === "PACKAGING")
    return job.trainer === undefined ? [] : [job.trainer];
  return [];
}

export function freeTrainers(fleet: FleetView, busy: ReadonlyMap<string, string>): Node[] {
  return usable(fleet, "trainer").filter(({ name }) => !busy.has(name));
}

/** The highest first, and those of one priority in the order they came. */
export function byPriority<J extends ActiveJob>(jobs: readonly J[]): J[] {
  return jobs.toSorted((a, b) => b.spec.priority - a.spec.priority);
}

/** Whether there is a parameter server that takes shards. */
export function takesShards(fleet: FleetView): boolean {
  return usable(fleet, "parameter-server").length > 0;
}

/** Attached nodes of a role that are not about to stop. */
export function usable(fleet: FleetView, role: Role): Node[] {
  return fleet.nodes.filter((node) => node.role === role && !node.draining);
}

/**
 * A place for each of `shards` shards, or nothing where no parameter server can take one. Shards
 * stay where `before` had them if that node is still there; the others go to the nodes that hold
 * least, counting the shards of all jobs.
 */
export function placeServers(
  fleet: FleetView,
  shards: number,
  held: ReadonlyMap<string, number>,
  before: readonly ServerPlace[] = [],
): readonly ServerPlace[] | undefined {
  const nodes = usable(fleet, "parameter-server");
  if (nodes.length === 0) return undefined;
  const own = new Map<string, number>();
  const kept = Array.from({ length: shards }, (_, shard) =>
    nodes.find(({ name }) => name === before[shard]?.node),
  );
  for (const node of kept) if (node) own.set(node.name, (own.get(node.name) ?? 0) + 1);
  return kept.map((stayed) => {
    const node = stayed ?? leastLoaded(nodes, own, held);
    if (!stayed) own.set(node.name, (own.get(node.name) ?? 0) + 1);
    return { node: node.name, address: node.address, incarnation: node.incarnation };
  });
}

/** Whether shards are lost, and none is merely away, which may still come back. */
export function hasLostShards(job: Training, fleet: FleetView): boolean {
  const fates = job.servers.map((_, shard) => fateOf(job, shard, fleet));
  return fates.includes("lost") && !fates.includes("away");
}

/** What became of a shard: a process that has begun anew has lost its memory. */
export function fateOf(job: Training, shard: number, fleet: FleetView): "here" | "away" | "lost" {
  const place = job.servers[shard];
  if (place === undefined) return "lost";
  const presence = fleet.presence(place.node);
  if (presence === "gone") return "lost";
  if (presence !== "present") return "away";
  return fleet.node(place.node)?.incarnation === place.incarnation ? "here" : "lost";
}

/** How many shards the parameter servers hold for these jobs. */
export function heldShards(jobs: Iterable<ActiveJob>): Map<string, number> {
  const held = new Map<string, number>();
  for (const job of jobs)
    if (job.state === "TRAINING")
      for (const { node } of job.servers) held.set(node, (held.get(node) ?? 0) + 1);
  return held;
}

function leastLoaded(
  nodes: readonly Node[],
  own: ReadonlyMap<string, number>,
  held: ReadonlyMap<string, number>,
): Node {
  // A job's own shards count first, so that it is spread before anything else is evened out.
  const load = ({ name }: Node) => (own.get(name) ?? 0) * 1_000_000 + (held.get(name) ?? 0);
  return nodes.reduce((best, node) => (load(node) < load(best) ? node : best));
}
