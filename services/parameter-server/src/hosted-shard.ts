/**
 * A shard at work: workers join and leave, gradients come in, weights go out, checkpoints are kept.
 *
 * Losing a worker costs the time to compute its leaves again, nothing else: what is missing is
 * ordered from the others, at once when a stream breaks, after a while when a worker is late. A
 * repeat is the same bytes.
 */
import { isDomainError } from "@amaas/errors";
import { persistently, type RunningTask } from "@amaas/fleet";
import { createOptimizer, type LearningRate, learningRate, type Optimizer } from "@amaas/optim";
import {
  type Averages,
  type Contribution,
  type Guidance,
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
import type { JobSpec } from "@amaas/spec";
import { type Restored, restore } from "./checkpoint.ts";
import { malformed, notHosted } from "./errors.ts";
import type { ShardEvents } from "./events.ts";
import { goLive, type HostedShardParts, type Live } from "./live.ts";
import { type Member, newMember } from "./members.ts";
import type { NormedUpdate } from "./normed-update.ts";
import { endsEpoch, type Plan, planOf } from "./plan.ts";
import { StepNews } from "./step-news.ts";

const TICK_MS = 250;
const QUIET_MS = 300;

export class HostedShard implements RunningTask {
  readonly task: Task;
  readonly host: HostTask;
  readonly #spec: JobSpec;
  readonly #plan: Plan;
  readonly #learningRate: LearningRate;
  readonly #optimizer: Optimizer;
  readonly #events: ShardEvents;
  readonly #changed: () => void;
  readonly #ticking: NodeJS.Timeout;
  readonly #stop = new AbortController();
  #live: Live | undefined;
  #failure = "";
  /** When the last gradient came. */
  #heardAt = performance.now();
  readonly #news = new StepNews();
  #shareOfRate = 1;
  #paused = false;

  constructor(task: Task, host: HostTask, spec: JobSpec, parts: HostedShardParts) {
    this.task = task;
    this.host = host;
    this.#spec = spec;
    this.#plan = planOf(host, spec);
    this.#events = parts.events;
    this.#changed = parts.changed;
    this.#learningRate = learningRate(spec.training, this.#plan);
    const rate: LearningRate = (step) => this.#learningRate(step) * this.#shareOfRate;
    const { optimizer, averaging } = spec.training;
    this.#optimizer = createOptimizer(optimizer, rate, averaging);
    this.#ticking = setInterval(() => this.#repair(), TICK_MS);
    const onProblem = (error: Error) => this.#events.restoreFailed(error);
    const { signal } = this.#stop;
    persistently(() => restore(host, this.#optimizer, parts.blobs), { signal, onProblem })
      .then((restored) => this.#begin(restored, parts))
      .catch((error: unknown) => this.#fail(error));
  }

  join({ worker, threads }: Join): Member {
    const { members, shard, lead } = this.#liveOrRefuse();
    const member = newMember(worker, threads);
    members.join(member, shard.snapshots());
    this.#events.workerJoined(worker, members.size);
    lead?.welcome(member);
    this.#changed();
    return member;
  }

  leave(member: Member): void {
    member.channel.end();
    const live = this.#live;
    if (!live?.members.leave(member)) return;
    this.#events.workerLeft(member.worker, live.members.size);
    live.lead?.orderLost();
    this.#changed();
  }

  contribute(member: Member, contribution: Contribution): void {
    const { shard, members, lead, normed } = this.#liveOrRefuse();
    const before = shard.step;
    if (this.#plan.rules && contribution.version === before) this.#follow(contribution.guidance);
    if (contribution.squares) lead?.squares(contribution.version, contribution.squares);
    this.#heardAt = performance.now();
    const gradient = { ...contribution, bytes: contribution.gradient };
    const receipt = shard.contribute(gradient, (snapshot) => members.broadcast(snapshot));
    if (receipt === "applied") this.#applied(performance.now() - this.#heardAt);
    lead?.contributed(contribution);
    this.#events.contribution(receipt, contribution.gradient.byteLength);
    if (receipt === "corrupt") this.#events.corruptArithmetic(member.worker, contribution);
    normed?.begin();
    if (shard.step > before) this.#stepApplied();
  }

  normed(): NormedUpdate {
    const { normed } = this.#liveOrRefuse();
    if (!normed) throw malformed("a job was asked for squares whose steps do not depend on any");
    return normed;
  }

  sums(member: Member, sums: Sums): void {
    const { lead } = this.#liveOrRefuse();
    if (!lead) throw malformed(`sums came to shard ${this.host.shard}, wanted at shard 0`);
    lead.sums(member, sums);
    this.#advance();
  }

  /** The lead's word, by way of a trainer, that no step follows on this version. */
  close({ version, keep, closing }: Guidance): void {
    const { shard, members, checkpoints, kept, lead } = this.#liveOrRefuse();
    if (!closing || version !== shard.step || kept.closed) return;
    shard.close(kept.close(keep), (snapshot) => members.broadcast(snapshot));
    lead?.close();
    checkpoints.closed();
    this.#changed();
  }

  /** No step is ordered after the one at hand, and what that leads to is kept, until `goOn`. */
  pause(): void {
    this.#paused = true;
    this.#live?.lead?.pause();
    this.#live?.checkpoints.pause();
    this.#changed();
  }

  goOn(): void {
    this.#paused = false;
    if (this.#stop.signal.aborted) return;
    this.#live?.checkpoints.goOn();
    this.#live?.lead?.goOn();
    this.#changed();
  }

  /** What an evaluation at this version is of, where it is of averages. */
  averages(member: Member, { version }: Averages): void {
    const { shard, members } = this.#liveOrRefuse();
    if (version === shard.step) members.average(member, shard.averages());
  }

  /** What a message led to: its own fault is refused, anything else is the end of the job. */
  broke(error: unknown): void {
    if (!isDomainError(error)) this.#fail(error);
  }

  /** Others are at this version: what is missing here, and not on its way, has got lost. */
  ahead(member: Member, version: number): void {
    const { shard, lead } = this.#liveOrRefuse();
    lead?.heardOf(member);
    if (version > shard.step) this.#orderLost([member]);
  }

  /** What these are to compute again: each of them all of it, as any of them may hang. */
  #orderLost(among: readonly Member[]): void {
    const { shard, members } = this.#liveOrRefuse();
    if (performance.now() - this.#heardAt <= QUIET_MS) return;
    this.#heardAt = performance.now();
    const lost = shard.missing();
    for (const member of among) {
      const again = members.order(Pass.TRAINING, shard.step, lost, [member]);
      if (again > 0) this.#events.orderedAgain(again);
    }
  }

  status(fresh: boolean): TaskStatus {
    const live = this.#live;
    const { id } = this.task;
    const state = this.#failure ? TaskState.FAILED : TaskState.RUNNING;
    if (!live || this.#failure) return { id, state, failure: this.#failure, detail: undefined };
    return {
      id,
      state,
      failure: "",
      detail: {
        $case: "hosted",
        value: {
          step: live.shard.step,
          checkpoints: live.keeper.kept(),
          progress: live.lead?.progress(),
          resting: live.lead?.resting ?? false,
          ...this.#news.of(live.lead?.history, fresh),
        },
      },
    };
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    clearInterval(this.#ticking);
    this.#live?.members.close();
    this.#events.ended();
    await this.#live?.keeper.close();
  }

  #liveOrRefuse(): Live {
    if (!this.#live || this.#stop.signal.aborted)
      throw notHosted(this.task.job, this.task.generation, this.host.shard);
    return this.#live;
  }

  #begin(restored: Restored, parts: HostedShardParts): void {
    if (this.#stop.signal.aborted) return;
    const setting = {
      task: this.task,
      host: this.host,
      spec: this.#spec,
      plan: this.#plan,
      learningRate: this.#learningRate,
      optimizer: this.#optimizer,
      signal: this.#stop.signal,
    };
    this.#live = goLive(restored, setting, parts, {
      applied: (ms) => this.#applied(ms),
      stepApplied: () => this.#stepApplied(),
      lost: (members) => this.#orderLost(members),
      failed: (error) => this.#fail(error),
    });
    this.#holdIfEpochEnds();
    const { step, weights } = restored.state;
    this.#events.hosted(step, weights.length);
    if (this.#paused) this.pause();
    this.#changed();
  }

  #fail(error: unknown): void {
    if (this.#stop.signal.aborted) return;
    this.#failure = this.#events.failed(error);
    this.#changed();
  }

  #applied(ms: number): void {
    this.#events.applied(ms);
    this.#live?.lead?.applied(ms);
  }

  /** Before the first gradient of a step counts, its guidance does. */
  #follow(guidance: Guidance | undefined): void {
    const { shard, kept } = this.#liveOrRefuse();
    if (guidance?.version !== shard.step)
      throw malformed(`a gradient of step ${shard.step} came without guidance for it`);
    kept.choose(guidance.keep);
    this.#shareOfRate = guidance.rate;
  }

  #holdIfEpochEnds(): void {
    const { shard, kept } = this.#liveOrRefuse();
    const { step } = shard;
    if (this.#plan.rules && !kept.closed && endsEpoch(this.#plan, step))
      kept.hold({ step, weights: shard.weights() });
  }

  #stepApplied(): void {
    this.#holdIfEpochEnds();
    // The lead checkpoints once the step's loss is known, the others as soon as it is applied.
    if (!this.#live?.lead) this.#live?.checkpoints.stepDone();
    else this.#advance();
  }

  #advance(): void {
    const lead = this.#live?.lead;
    const ended = lead?.advance();
    if (!lead || !ended) return;
    if (ended.pass === Pass.TRAINING) this.#stepDone(lead.history.losses);
    if (!this.#failure) lead.giveOrders();
    this.#changed();
  }

  #stepDone(losses: readonly number[]): void {
    const loss = losses.at(-1) ?? Number.NaN;
    if (Number.isFinite(loss)) this.#live?.checkpoints.stepDone();
    else
      this.#fail(
        new Error(`the loss of step ${losses.length - 1} is ${loss}; try a smaller learning rate`),
      );
  }

  #repair(): void {
    const live = this.#live;
    if (!live) return;
    for (const member of live.members.cutOff()) this.leave(member);
    live.lead?.relieveLate();
    if (!this.#failure) live.checkpoints.keepRest();
    if (performance.now() - this.#heardAt > QUIET_MS) live.normed?.compare();
  }
}
