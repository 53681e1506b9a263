/**
 * A shard at work: workers join and leave, gradients come in, weights go out, checkpoints are kept.
 *
 * Shard 0 leads: it gives the orders of every pass and keeps the loss curve. Losing a worker costs
 * the time to compute its leaves again, nothing else: what is missing is ordered from the others,
 * at once when a stream breaks, after a while when a worker is late. A repeat is the same bytes.
 */
import type { BlobStore } from "@amaas/blobs";
import type { RunningTask } from "@amaas/fleet";
import { createOptimizer } from "@amaas/optim";
import {
  type Contribution,
  type ExchangeResponse,
  type Join,
  Pass,
  type Sums,
} from "@amaas/proto/amaas/parameter_server/v1/parameter_server";
import {
  type HostTask,
  type Task,
  TaskState,
  type TaskStatus,
} from "@amaas/proto/amaas/scheduler/v1/fleet";
import { Channel } from "@amaas/rpc";
import type { JobSpec } from "@amaas/spec";
import { type Restored, restore } from "./checkpoint.ts";
import { CheckpointKeeper } from "./checkpoint-keeper.ts";
import { Conductor, type Move, type Plan } from "./conductor.ts";
import { malformed, notHosted } from "./errors.ts";
import type { ShardEvents } from "./events.ts";
import { type Member, Members } from "./members.ts";
import { Pace } from "./pace.ts";
import { Shard } from "./shard.ts";

interface Live {
  readonly shard: Shard;
  readonly members: Members;
  readonly keeper: CheckpointKeeper;
  /** Only on shard 0. */
  readonly conductor: Conductor | undefined;
}

const TICK_MS = 250;
const QUIET_MS = 300;

export class HostedShard implements RunningTask {
  readonly task: Task;
  readonly host: HostTask;
  readonly #spec: JobSpec;
  readonly #plan: Plan;
  readonly #events: ShardEvents;
  readonly #changed: () => void;
  readonly #pace = new Pace();
  readonly #ticking: NodeJS.Timeout;
  #live: Live | undefined;
  #failure = "";
  #stopped = false;
  /** When the current pass began. */
  #movedAt = performance.now();
  /** When the last gradient came. */
  #heardAt = performance.now();
  #toldLosses = 0;

  constructor(
    task: Task,
    host: HostTask,
    spec: JobSpec,
    parts: { blobs: BlobStore; events: ShardEvents; changed: () => void },
  ) {
    this.task = task;
    this.host = host;
    this.#spec = spec;
    this.#plan = planOf(host, spec);
    this.#events = parts.events;
    this.#changed = parts.changed;
    this.#ticking = setInterval(() => this.#repair(), TICK_MS);
    const optimizer = createOptimizer(spec.training.optimizer);
    restore(host, optimizer, parts.blobs).then(
      (restored) => this.#begin(restored, parts.blobs),
      (error: unknown) => this.#fail(error),
    );
  }

  join({ worker, threads }: Join): Member {
    const { members, shard } = this.#liveOrRefuse();
    const channel = new Channel<ExchangeResponse>();
    const member: Member = {
      worker,
      threads: Math.max(1, threads),
      channel,
      outstanding: new Set(),
      late: false,
    };
    members.join(member, shard.snapshots());
    this.#events.workerJoined(worker, members.size);
    this.#orderLost();
    this.#changed();
    return member;
  }

  leave(member: Member): void {
    member.channel.end();
    if (!this.#live?.members.leave(member)) return;
    this.#events.workerLeft(member.worker, this.#live.members.size);
    this.#orderLost();
    this.#changed();
  }

  contribute(member: Member, contribution: Contribution): void {
    const { shard, members } = this.#liveOrRefuse();
    const before = shard.step;
    this.#heardAt = performance.now();
    const gradient = { ...contribution, bytes: contribution.gradient };
    const receipt = shard.contribute(gradient, (snapshot) => members.broadcast(snapshot));
    this.#events.contribution(receipt, contribution.gradient.byteLength);
    if (receipt === "corrupt") this.#events.corruptArithmetic(member.worker, contribution);
    if (shard.step > before) this.#stepApplied();
  }

  sums(member: Member, { pass, version, level, index, samples, values }: Sums): void {
    const { conductor } = this.#liveOrRefuse();
    if (!conductor) throw malformed(`sums came to shard ${this.host.shard}, wanted at shard 0`);
    if (level !== 0) throw malformed(`sums of level ${level} came, wanted of single leaves`);
    const { move } = conductor;
    conductor.add({ pass, version, leaf: index, samples, values });
    if (pass === move?.pass && version === move.version) member.outstanding.delete(index);
    this.#heardOf(member);
    this.#advance();
  }

  /** Others are at this version: what is missing here, and not on its way, has got lost. */
  ahead(member: Member, version: number): void {
    const { shard, members } = this.#liveOrRefuse();
    this.#heardOf(member);
    const quiet = performance.now() - this.#heardAt > QUIET_MS;
    if (version <= shard.step || !quiet) return;
    this.#heardAt = performance.now();
    const move = { pass: Pass.TRAINING, version: shard.step };
    this.#orderAgain(shard.missing(), move, members.hands());
  }

  status(fresh: boolean): TaskStatus {
    const live = this.#live;
    const { id } = this.task;
    if (this.#failure)
      return { id, state: TaskState.FAILED, failure: this.#failure, detail: undefined };
    if (!live) return { id, state: TaskState.RUNNING, failure: "", detail: undefined };
    const losses = live.conductor?.history.losses ?? [];
    const firstLossStep = fresh ? 0 : Math.min(this.#toldLosses, losses.length);
    this.#toldLosses = losses.length;
    const news = Float64Array.from(losses.slice(firstLossStep));
    return {
      id,
      state: TaskState.RUNNING,
      failure: "",
      detail: {
        $case: "hosted",
        value: {
          step: live.shard.step,
          checkpoints: live.keeper.kept(),
          progress: live.conductor && this.#progress(live, live.conductor),
          firstLossStep,
          losses: new Uint8Array(news.buffer),
        },
      },
    };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#ticking);
    this.#live?.members.close();
    this.#events.ended();
    await this.#live?.keeper.close();
  }

  #liveOrRefuse(): Live {
    if (!this.#live || this.#stopped)
      throw notHosted(this.task.job, this.task.generation, this.host.shard);
    return this.#live;
  }

  #begin({ state, history }: Restored, blobs: BlobStore): void {
    if (this.#stopped) return;
    const optimizer = createOptimizer(this.#spec.training.optimizer);
    const shard = new Shard(state, optimizer, this.#plan.leaves);
    const leads = this.host.shard === 0;
    this.#live = {
      shard,
      members: new Members(shard.chunks),
      keeper: new CheckpointKeeper(blobs, this.#events, this.#changed, this.host),
      conductor: leads ? new Conductor(this.#plan, history, state.step) : undefined,
    };
    this.#events.hosted(state.step, state.weights.length);
    this.#changed();
  }

  #fail(error: unknown): void {
    this.#failure = this.#events.failed(error);
    this.#changed();
  }

  #stepApplied(): void {
    // The lead checkpoints once the step's loss is known, the others as soon as it is applied.
    if (!this.#live?.conductor) this.#checkpointIfDue();
    else this.#advance();
  }

  #advance(): void {
    const live = this.#live;
    if (!live?.conductor) return;
    const ended = live.conductor.move;
    const totals = live.conductor.advance(live.shard.step);
    if (!ended || !totals) return;
    const elapsed = performance.now() - this.#movedAt;
    if (ended.pass === Pass.TRAINING)
      this.#trainingStepDone(live.conductor, totals.samples, elapsed);
    else this.#events.evaluated(live.conductor.history.evaluations.at(-1));
    live.members.clearOutstanding();
    if (!this.#failure) this.#giveOrders();
    this.#changed();
  }

  #trainingStepDone(conductor: Conductor, samples: number, elapsed: number): void {
    this.#pace.record(samples, elapsed);
    const step = conductor.history.losses.length;
    const loss = conductor.history.losses[step - 1] ?? Number.NaN;
    this.#events.stepDone(step, loss, samples, elapsed, this.#plan.stepsPerEpoch);
    if (Number.isFinite(loss)) this.#checkpointIfDue();
    else
      this.#fail(new Error(`the loss of step ${step - 1} is ${loss}; try a smaller learning rate`));
  }

  #checkpointIfDue(): void {
    const live = this.#live;
    if (!live) return;
    const { step } = live.shard;
    const every = this.#spec.training.checkpointEverySteps;
    const last = step === this.#plan.totalSteps;
    const due = step % every === 0 && live.keeper.wants(step / every);
    if (last || due) live.keeper.keep(live.shard.state(), live.conductor?.history, last);
  }

  #giveOrders(): void {
    this.#movedAt = performance.now();
    const live = this.#live;
    const move = live?.conductor?.move;
    if (!live || !move) return;
    const all = Array.from({ length: this.#plan.leaves }, (_, leaf) => leaf);
    live.members.order(move.pass, move.version, all, live.members.hands());
  }

  /** Orders anew what the current pass lacks and nobody computes. */
  #orderLost(): void {
    const live = this.#live;
    const move = live?.conductor?.move;
    if (!live?.conductor || !move) return;
    const lost = new Set(live.conductor.missing());
    const training = move.pass === Pass.TRAINING && live.shard.step === move.version;
    if (training) for (const leaf of live.shard.missing()) lost.add(leaf);
    const leaves = [...lost].filter((leaf) => !live.members.computes(leaf)).sort((a, b) => a - b);
    const idle = live.members.idle();
    this.#orderAgain(leaves, move, idle.length > 0 ? idle : live.members.hands());
  }

  #orderAgain(leaves: number[], { pass, version }: Move, among: readonly Member[]): void {
    if (leaves.length === 0 || among.length === 0) return;
    this.#live?.members.order(pass, version, leaves, among);
    this.#events.orderedAgain(leaves.length);
  }

  #repair(): void {
    const live = this.#live;
    if (!live) return;
    for (const member of live.members.cutOff()) this.leave(member);
    const waited = performance.now() - this.#movedAt;
    if (waited > this.#pace.patienceMs) this.#relieveLate(live.members);
  }

  #heardOf(member: Member): void {
    if (!member.late) return;
    member.late = false;
    this.#orderLost();
  }

  /** Once somebody is idle, the leaves of those whom all are waiting for are computed twice. */
  #relieveLate(members: Members): void {
    if (members.idle().length === 0) return;
    const late = members.prompt().filter(({ outstanding }) => outstanding.size > 0);
    if (late.length === 0) return;
    for (const member of late) {
      member.late = true;
      this.#events.workerLate(member.worker, member.outstanding.size);
    }
    this.#orderLost();
  }

  #progress(live: Live, { history }: Conductor) {
    const step = history.losses.length;
    const { stepsPerEpoch, totalSteps } = this.#plan;
    return {
      step,
      totalSteps,
      epoch: Math.min(Math.floor(step / stepsPerEpoch), this.#spec.training.epochs),
      totalEpochs: this.#spec.training.epochs,
      loss: history.losses[step - 1] ?? 0,
      samplesPerSecond: this.#pace.samplesPerSecond,
      workers: live.members.size,
      secondsLeft: this.#pace.secondsFor(totalSteps - step),
      evaluations: history.evaluations,
      restarts: 0,
    };
  }
}

function planOf(host: HostTask, spec: JobSpec): Plan {
  const { prepared } = host;
  return {
    task: spec.task,
    leaves: spec.training.virtualShards,
    stepsPerEpoch: Math.max(1, prepared?.stepsPerEpoch ?? 1),
    totalSteps: prepared?.totalSteps ?? 0,
    sums: prepared?.sums ?? [],
    validationRows: prepared?.validation?.rows ?? 0,
    testRows: prepared?.test?.rows ?? 0,
  };
}
