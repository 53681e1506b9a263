/**
 * What happens here, told once for everyone: a log line for the operators, metrics, the span of
 * a phase that has ended, and a line in the log of the job.
 */
import type { Telemetry } from "@amaas/telemetry";
import { traceIdOf } from "@amaas/telemetry";
import type { Node, Role } from "./fleet.ts";
import {
  type ActiveJob,
  type EndedJob,
  isActive,
  type Job,
  type Preemptor,
  type State,
  states,
  type Training,
} from "./job.ts";
import type { JobLog } from "./job-log.ts";
import { resumptionWarning } from "./resumption.ts";

export interface SchedulerEvents {
  jobQueued(job: ActiveJob): void;
  jobChanged(before: ActiveJob, after: Job): void;
  jobResumed(before: EndedJob, after: ActiveJob): void;
  /** How many jobs are in each state, told at the start. */
  jobsCounted(counts: ReadonlyMap<string, number>): void;
  stepsMissing(job: ActiveJob, piece: { name: string; first: number }): void;
  stateDiffers(job: ActiveJob, shard: number, step: number): void;
  registryAway(job: ActiveJob, reason: string): void;
  nodeAttached(node: Node): void;
  nodeLeft(node: Node, reason: string): void;
  nodesCounted(nodes: readonly Node[]): void;
  reconcileFailed(error: unknown): void;
}

/** The span of a phase is `job.<word>`. */
const phaseWords: Partial<Record<State, string>> = {
  QUEUED: "queue",
  PREPARING: "prepare",
  PLACING: "place",
  TRAINING: "train",
  PACKAGING: "package",
  REGISTERING: "register",
};

/** What is taken from a job for one of higher priority. */
type Taken = "a trainer of several" | "the last trainer";

const waitBuckets = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 14_400, 86_400];
const roles: readonly Role[] = ["trainer", "parameter-server"];

type Severity = "info" | "warn" | "error";

interface Parts {
  readonly telemetry: Telemetry;
  /** What signs the scheduler's lines in the logs of jobs. */
  readonly nodeId: string;
  readonly jobLog: JobLog;
  readonly now: () => number;
}

export function createEvents({ telemetry, nodeId, jobLog, now }: Parts): SchedulerEvents {
  const { log, tracer } = telemetry;
  const metrics = createInstruments(telemetry);
  const say = (job: Job, severity: Severity, message: string) => {
    tracer.with("phase" in job ? job.phase.traceparent : job.root, () =>
      log[severity](message, { job: job.id, state: job.state, reason: job.reason }),
    );
    jobLog.append({ job: job.id, time: now(), severity, source: nodeId, message });
  };

  /** Exports the span of the phase that the job has left. */
  const recordPhase = (before: ActiveJob, after: Job) => {
    tracer.record(before.phase.traceparent, {
      name: `job.${phaseWords[before.state]}`,
      parent: before.root,
      start: before.phase.start,
      end: isActive(after) ? after.phase.start : after.endedAt,
      attributes: {
        "amaas.job": before.id,
        "amaas.job.generation": before.generation,
        "amaas.job.workers": before.state === "TRAINING" ? before.workers : undefined,
        "amaas.job.preempted_by": preemptorIn(after)?.job,
      },
      error: after.state === "FAILED" ? after.reason : undefined,
    });
  };

  const stateChanged = (before: ActiveJob, after: Job) => {
    recordPhase(before, after);
    metrics.moveJob(before.state, after.state);
    if (preemptorIn(after)) metrics.preemption("the last trainer");
    if (before.startedAt === undefined && after.startedAt !== undefined)
      metrics.queueWait((after.startedAt - before.createdAt) / 1_000, traceIdOf(after.root));
    if (after.state === "TRAINING") metrics.placement("first");
    say(after, after.state === "FAILED" ? "error" : "info", `${after.state}: ${after.reason}`);
    if (!isActive(after)) void jobLog.forget(after.id);
  };

  const placementChanged = (before: Training, after: Training) => {
    if (before.generation !== after.generation) {
      metrics.placement("shard_lost");
      const lost = before.servers
        .filter((place, shard) => place.incarnation !== after.servers[shard]?.incarnation)
        .map(({ node }) => node);
      const to = [...new Set(after.servers.map(({ node }) => node))].join(", ");
      say(
        after,
        "warn",
        `lost the shards on ${[...new Set(lost)].join(", ")}: all shards begin again from step ${after.start.step} on ${to}`,
      );
    }
    if (after.gaveTo && after.gaveTo !== before.gaveTo) {
      metrics.preemption("a trainer of several");
      say(after, "info", `gives a trainer to ${nameOf(after.gaveTo)} and goes on with the others`);
    }
    if (before.yieldsTo?.job !== after.yieldsTo?.job)
      say(
        after,
        "info",
        after.yieldsTo
          ? `is brought to a checkpoint to make room for ${nameOf(after.yieldsTo)}`
          : "need not make room any more",
      );
    const joined = after.workers.filter((name) => !before.workers.includes(name));
    const left = before.workers.filter((name) => !after.workers.includes(name));
    if (joined.length > 0) {
      metrics.placement("trainer_joined");
      say(after, "info", `${joined.join(", ")} joined`);
    }
    if (left.length > 0) {
      metrics.placement("trainer_left");
      say(after, "info", `${left.join(", ")} left`);
    }
  };

  return {
    jobQueued(job) {
      metrics.addJob(job.state);
      say(job, "info", `QUEUED: ${job.spec.name}, ${job.spec.task}`);
    },
    jobChanged(before, after) {
      if (before.state !== after.state) stateChanged(before, after);
      else if (before.state === "TRAINING" && after.state === "TRAINING")
        placementChanged(before, after);
    },
    jobResumed(before, after) {
      metrics.moveJob(before.state, after.state);
      say(after, "info", `${after.state}: ${after.reason}`);
      const warning = resumptionWarning(before);
      if (warning !== "") say(after, "warn", warning);
    },
    jobsCounted: (counts) => metrics.setJobs(counts),
    stepsMissing(job, { name, first }) {
      const text = "figures of steps came that do not follow on what is known";
      log.warn(text, { job: job.id, curve: name, first });
    },
    stateDiffers(job, shard, step) {
      say(
        job,
        "error",
        `shard ${shard} came to another state at step ${step} than it did before: the arithmetic of two nodes differs`,
      );
    },
    registryAway(job, reason) {
      say(job, "warn", `the registry is out of reach: ${reason}`);
    },
    nodeAttached({ name, role, address, incarnation, threads }) {
      log.info("node attached", { node: name, role, address, incarnation, threads });
    },
    nodeLeft: ({ name, role }, reason) => log.info("node left", { node: name, role, reason }),
    nodesCounted(nodes) {
      for (const role of roles)
        metrics.nodes(role, nodes.filter((node) => node.role === role).length);
    },
    reconcileFailed: (error) => log.error("the jobs could not be looked after", { error }),
  };
}

/** Of a job that has just become this one. */
function preemptorIn(job: Job): Preemptor | undefined {
  return "preemptedBy" in job ? job.preemptedBy : undefined;
}

function nameOf({ job, priority }: Preemptor): string {
  return `${job} of priority ${priority}`;
}

function createInstruments({ metrics }: Telemetry) {
  const jobs = metrics.gauge("amaas_scheduler_jobs", "Jobs by state", ["state"]);
  const wait = metrics.histogram(
    "amaas_scheduler_queue_wait_seconds",
    "Time from submission to the first trainer",
    { buckets: waitBuckets },
  );
  const nodes = metrics.gauge("amaas_scheduler_nodes", "Attached nodes by role", ["role"]);
  const placements = metrics.counter(
    "amaas_scheduler_placements_total",
    "Changes of a training job's nodes by their reason",
    ["reason"],
  );
  const preemptions = metrics.counter(
    "amaas_scheduler_preemptions_total",
    "Trainers that jobs gave to jobs of higher priority, by what was taken from them",
    ["taken"],
  );
  const counts = new Map<string, number>();
  const count = (state: State, by: number) => {
    counts.set(state, (counts.get(state) ?? 0) + by);
    jobs.set(counts.get(state) ?? 0, { state });
  };
  return {
    addJob: (state: State) => count(state, 1),
    moveJob(from: State, to: State) {
      count(from, -1);
      count(to, 1);
    },
    setJobs(found: ReadonlyMap<string, number>) {
      counts.clear();
      for (const state of states) count(state, found.get(state) ?? 0);
    },
    queueWait: (seconds: number, traceId: string) => wait.observe(seconds, {}, traceId),
    nodes: (role: Role, n: number) => nodes.set(n, { role }),
    placement: (reason: string) => placements.add(1, { reason }),
    preemption: (taken: Taken) => preemptions.add(1, { taken }),
  };
}
