/** Jobs, nodes and reports for the tests of decisions. */
import { NodeRole, Prepared, TaskState, TaskStatus } from "@amaas/proto/amaas/scheduler/v1/fleet";
import { type JobSpec, parseJobSpec } from "@amaas/spec";
import { cancel } from "./endings.ts";
import { Fleet, type FleetView, type Session } from "./fleet.ts";
import { type ActiveJob, isActive, type Job, queue } from "./job.ts";
import type { Moment } from "./observe.ts";
import { reconcile } from "./reconcile.ts";
import { desiredTasks } from "./tasks.ts";

export const digest = (n: number): string => `sha256:${n.toString(16).padStart(64, "0")}`;

export function sampleSpec(
  resources: Partial<JobSpec["resources"]> = {},
  priority?: number,
): JobSpec {
  return parseJobSpec({
    name: "digits",
    task: "classification",
    data: { format: "arrays", features: digest(1), labels: digest(2) },
    architecture: { type: "mlp", hidden: [16], activation: "relu" },
    training: { epochs: 2, batchSize: 64, optimizer: { type: "adam" } },
    resources: { workers: 1, servers: 2, ...resources },
    ...(priority !== undefined && { priority }),
  });
}

export const samplePrepared = Prepared.fromPartial({
  datasetDigest: digest(3),
  training: { rows: 640, features: 4 },
  validation: { rows: 80, features: 4 },
  test: { rows: 80, features: 4 },
  trainingGraph: digest(4),
  evaluationGraph: digest(5),
  servingGraph: digest(6),
  parameters: [{ name: "w", dims: [4, 2], offset: 0 }],
  parameterCount: 8,
  initialWeights: digest(7),
  sums: [{ name: "loss", length: 1 }],
  stepsPerEpoch: 10,
  totalSteps: 20,
  numericClass: "test",
});

/** A fleet and jobs with a clock that the test turns. */
export class World {
  now = 1_000_000;
  readonly graceMs = 10_000;
  readonly fleet = new Fleet({ graceMs: this.graceMs, now: () => this.now });
  readonly differing: string[] = [];
  readonly history: string[] = [];
  jobs: Job[] = [];
  #sessions = new Map<string, { session: Session; role: NodeRole; incarnation: string }>();
  #spans = 0;

  submit(id: string, resources: Partial<JobSpec["resources"]> = {}, priority?: number): void {
    const phase = { traceparent: this.#span(), start: this.now };
    const spec = sampleSpec(resources, priority);
    this.jobs.push(queue({ id, spec, root: this.#span(), phase }));
  }

  trainer(...names: string[]): void {
    for (const name of names) this.#attach(name, NodeRole.TRAINER, `${name}-1`);
  }

  server(name: string, incarnation = `${name}-1`): void {
    this.#attach(name, NodeRole.PARAMETER_SERVER, incarnation);
  }

  report(name: string, ...tasks: Parameters<typeof TaskStatus.fromPartial>[0][]): void {
    this.#say(name, { tasks: tasks.map((status) => TaskStatus.fromPartial(status)) });
  }

  drain(name: string): void {
    this.#say(name, { draining: true });
  }

  leave(name: string): void {
    this.#sessions.get(name)?.session.leave();
    this.#sessions.delete(name);
  }

  /** Seconds in which no node says anything. */
  silentFor(seconds: number): void {
    for (let tick = 0; tick < seconds; tick++) this.fleet.tick();
  }

  /** Looks until nothing changes any more. */
  settle(): void {
    for (let looks = 0; looks < 50; looks++) {
      const active = this.jobs.filter(isActive);
      const changed = reconcile(active, this.moment());
      if (changed.length === 0) return;
      for (const after of changed) {
        const i = this.jobs.findIndex(({ id }) => id === after.id);
        if (this.jobs[i]?.state !== after.state) this.history.push(`${after.id} ${after.state}`);
        this.jobs[i] = after;
      }
    }
    throw new Error("the jobs do not come to rest");
  }

  moment(): Moment {
    return {
      fleet: this.fleet.view(),
      now: this.now,
      enter: () => ({ traceparent: this.#span(), start: this.now }),
      differs: (job, shard, step) => void this.differing.push(`${job.id} ${shard} ${step}`),
    };
  }

  view(): FleetView {
    return this.fleet.view();
  }

  job<S extends Job["state"]>(id: string, state: S): Extract<Job, { state: S }> {
    const found = this.jobs.find((job) => job.id === id);
    if (found?.state !== state) throw new Error(`${id} is ${found?.state}: ${found?.reason}`);
    return found as Extract<Job, { state: S }>;
  }

  /** The job is cancelled. */
  cancel(id: string): void {
    this.jobs = this.jobs.map((job) =>
      job.id === id && isActive(job) ? cancel(job, this.now) : job,
    );
  }

  /** Brings a job to TRAINING; its trainer and servers have to be attached. */
  prepare(id: string): void {
    this.settle();
    const { trainer, generation } = this.job(id, "PREPARING");
    this.report(String(trainer), {
      id: `${id}/${generation}/prepare`,
      state: TaskState.DONE,
      detail: { $case: "prepared", value: samplePrepared },
    });
    this.settle();
  }

  #attach(name: string, role: NodeRole, incarnation: string): void {
    const session = this.fleet.attach(this.#request(name, role, incarnation));
    this.#sessions.set(name, { session, role, incarnation });
  }

  #say(name: string, said: { tasks?: TaskStatus[]; draining?: boolean }): void {
    const known = this.#sessions.get(name);
    if (!known) throw new Error(`${name} is not attached`);
    const { session, role, incarnation } = known;
    session.update({ ...this.#request(name, role, incarnation), ...said });
  }

  #request(node: string, role: NodeRole, incarnation: string) {
    const address = `${node}:7103`;
    return { node, incarnation, role, address, threads: 1, draining: false, tasks: [], logs: [] };
  }

  #span(): string {
    return `00-${"1".repeat(32)}-${(++this.#spans).toString(16).padStart(16, "0")}-01`;
  }
}

/** What a shard says of itself. */
export function hosted(
  job: ActiveJob,
  shard: number,
  value: Partial<{
    step: number;
    checkpoints: { step: number; digest: string }[];
    tested: boolean;
    resting: boolean;
  }>,
) {
  const { step = 0, checkpoints = [], tested = false, resting = false } = value;
  const evaluations = [
    { step, split: "validation", metrics: { accuracy: 0.95 } },
    ...(tested ? [{ step, split: "test", metrics: { accuracy: 0.94 } }] : []),
  ];
  return {
    id: `${job.id}/${job.generation}/host/${shard}`,
    state: TaskState.RUNNING,
    detail: {
      $case: "hosted" as const,
      value: {
        step,
        checkpoints,
        ...(shard === 0
          ? {
              resting,
              progress: {
                step,
                totalSteps: 20,
                evaluations,
                ending: { version: 20, keptStep: 20 },
              },
            }
          : {}),
      },
    },
  };
}

/** Whose nodes have had the time to attach; parameter server s1 and these trainers. */
export function worldOf(...trainers: string[]): World {
  const world = new World();
  world.server("s1");
  world.trainer(...trainers);
  world.now += world.graceMs;
  return world;
}

/** What s1 tells of a job's only shard: it rests at this step, and has kept it or not. */
export function rest(world: World, job: ActiveJob, step: number, kept = true): void {
  const checkpoints = kept && step > 0 ? [{ step, digest: digest(step) }] : [];
  world.report("s1", hosted(job, 0, { step, checkpoints, resting: true }));
  world.settle();
}

/** The ids of what a node is told to do. */
export function tasksOf(world: World, name: string): string[] {
  const node = world.view().node(name);
  if (!node) throw new Error(`${name} is not attached`);
  return desiredTasks(world.jobs.filter(isActive), node).map(({ id }) => id);
}
