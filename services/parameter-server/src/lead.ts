/**
 * What shard 0 does beyond its own range: gives the orders of every pass, orders again what gets
 * lost, has the idle compute what the late owe, keeps the loss curve and the evaluations.
 */
import type { LearningRate } from "@amaas/optim";
import {
  type Contribution,
  type Guidance,
  Pass,
  type Squares,
  type Sums,
} from "@amaas/proto/amaas/parameter_server/v1/parameter_server";
import type { Progress } from "@amaas/proto/amaas/scheduler/v1/jobs";
import { span } from "@amaas/reduction";
import { Conductor, type History, type Move } from "./conductor.ts";
import type { ShardEvents } from "./events.ts";
import type { Member, Members } from "./members.ts";
import { Pace } from "./pace.ts";
import type { Plan } from "./plan.ts";
import type { Shard } from "./shard.ts";
import { recordRate, recordSquares } from "./step-series.ts";
import { StepTimes } from "./step-times.ts";

export interface LeadParts {
  readonly plan: Plan;
  readonly learningRate: LearningRate;
  readonly history: History;
  readonly closed: boolean;
  readonly shard: Shard;
  readonly members: Members;
  readonly events: ShardEvents;
}

export class Lead {
  readonly #plan: Plan;
  readonly #learningRate: LearningRate;
  readonly #shard: Shard;
  readonly #members: Members;
  readonly #events: ShardEvents;
  readonly #conductor: Conductor;
  readonly #pace = new Pace();
  readonly #times = new StepTimes();
  /** Whether the current pass has been ordered from anyone. */
  #given = false;
  #paused = false;
  /** Whether a worker has delivered its share of the current pass. */
  #someoneDone = false;
  /** When the current pass began. */
  #movedAt = performance.now();
  /** Given last, newest last: a shard may still lack what belongs to the one before. */
  #guidance: readonly Guidance[] = [];
  /** When late workers were last relieved: those who took over have as much time again. */
  #relievedAt = 0;

  constructor({ plan, learningRate, history, closed, shard, members, events }: LeadParts) {
    this.#plan = plan;
    this.#learningRate = learningRate;
    this.#shard = shard;
    this.#members = members;
    this.#events = events;
    this.#conductor = new Conductor(plan, history, { step: shard.step, closed });
  }

  get history(): History {
    return this.#conductor.history;
  }

  /**
   * A step that is applied has its loss, whatever becomes of the worker that has not told its sums
   * yet: nobody could compute them again, since trainers leave a version as the next one comes.
   */
  contributed(contribution: Contribution): void {
    this.#conductor.add({ ...contribution, pass: Pass.TRAINING });
  }

  /** A new worker is told what those before it know, and put to work. */
  welcome(member: Member): void {
    for (const guidance of this.#guidance) this.#members.guide(guidance, [member]);
    this.orderLost();
  }

  /** Shard 0 has gone to the weights that are kept; the others do the same. */
  close(): void {
    this.#conductor.close(this.#shard.step);
    this.giveOrders();
  }

  sums(member: Member, sums: Sums): void {
    this.#conductor.add(sums);
    if (sums.squares) this.squares(sums.version, sums.squares);
    const { move } = this.#conductor;
    if (sums.pass === move?.pass && sums.version === move.version) {
      const [from, to] = span(sums, this.#plan.leaves);
      for (let leaf = from; leaf < to; leaf++) member.outstanding.delete(leaf);
      if (member.outstanding.size === 0) this.#shareDone();
    }
    // Also of the step before: its gradients may have ended it already.
    if (sums.time && sums.pass === Pass.TRAINING) this.#times.add(sums.time);
    this.heardOf(member);
  }

  /** What a step has made of all the parameters, told by whoever has its weights whole. */
  squares(version: number, squares: Squares): void {
    // Not before the lead itself has left that step: a checkpoint of it must not depend on who was first.
    if (version > 0 && version === this.#conductor.move?.version)
      recordSquares(this.history.series, version - 1, squares);
  }

  /** A part of this shard's range took so long to apply. */
  applied(ms: number): void {
    this.#times.applied(ms);
  }

  /** Ends the current pass where all of it is in, and answers with it; the next awaits its orders. */
  advance(): Move | undefined {
    const ended = this.#conductor.move;
    const totals = this.#conductor.advance(this.#shard.step);
    if (!ended || !totals) return undefined;
    if (ended.pass === Pass.TRAINING) this.#stepDone(totals.samples);
    else this.#events.evaluated(this.history.evaluations.at(-1));
    this.#members.clearOutstanding();
    return ended;
  }

  /** The step that has been ordered is the last one for now. */
  pause(): void {
    this.#paused = true;
  }

  goOn(): void {
    this.#paused = false;
    this.orderLost();
  }

  /** Whether the job is paused, and its shards stay where they are. */
  get resting(): boolean {
    return this.#paused && !(this.#given && this.#conductor.move?.pass === Pass.TRAINING);
  }

  giveOrders(): void {
    this.#movedAt = performance.now();
    this.#someoneDone = false;
    const { move, guidance } = this.#conductor;
    if (this.#paused) {
      this.#given = false;
      return;
    }
    if (guidance) this.#guide(guidance);
    this.#given = move !== undefined && this.#members.size > 0;
    if (!move) return;
    const all = Array.from({ length: this.#plan.leaves }, (_, leaf) => leaf);
    this.#members.order(move.pass, move.version, all, this.#members.hands());
  }

  /** Orders anew what the current pass lacks and nobody computes. */
  orderLost(): void {
    // Also where no pass follows: the word that the job is closed may be what has not been given.
    if (!this.#given) {
      this.giveOrders();
      return;
    }
    const { move } = this.#conductor;
    if (!move) return;
    const lost = new Set(this.#conductor.missing());
    const training = move.pass === Pass.TRAINING && this.#shard.step === move.version;
    if (training) for (const leaf of this.#shard.missing()) lost.add(leaf);
    const leaves = [...lost].filter((leaf) => !this.#members.computes(leaf)).sort((a, b) => a - b);
    const idle = this.#members.idle();
    const again = this.#members.order(
      move.pass,
      move.version,
      leaves,
      idle.length > 0 ? idle : this.#members.hands(),
    );
    if (again > 0) this.#events.orderedAgain(again);
  }

  /** A worker that was late is to be counted on again. */
  heardOf(member: Member): void {
    if (!member.late) return;
    member.late = false;
    this.orderLost();
  }

  /** Once somebody is idle, the leaves of those whom all are waiting for are computed twice. */
  relieveLate(): void {
    const waited = performance.now() - Math.max(this.#movedAt, this.#relievedAt);
    if (waited <= this.#pace.patienceMs || this.#members.idle().length === 0) return;
    const late = this.#members.prompt().filter(({ outstanding }) => outstanding.size > 0);
    if (late.length === 0) return;
    this.#relievedAt = performance.now();
    for (const member of late) {
      member.late = true;
      this.#events.workerLate(member.worker, member.outstanding.size);
    }
    this.orderLost();
  }

  progress(): Progress {
    const { losses, evaluations, series } = this.history;
    const { stepsPerEpoch } = this.#plan;
    const { totalSteps, ending } = this.#conductor;
    const step = losses.length;
    return {
      step,
      totalSteps,
      epoch: Math.floor(step / stepsPerEpoch),
      totalEpochs: Math.ceil(totalSteps / stepsPerEpoch),
      loss: losses.at(-1) ?? 0,
      samplesPerSecond: this.#pace.samplesPerSecond,
      workers: this.#members.size,
      secondsLeft: this.#pace.secondsFor(totalSteps - step),
      evaluations,
      restarts: 0,
      learningRate: series.learningRate.at(-1) ?? this.#learningRate(0),
      stepTime: this.#times.means,
      ending,
      gradientNorm: series.gradientNorm.at(-1) ?? 0,
      weightNorm: series.weightNorm.at(-1) ?? 0,
      updateRatio: series.updateRatio.at(-1) ?? 0,
    };
  }

  /** That of a plateau. */
  #shareOfRate(version: number): number {
    const given = this.#guidance.find((guidance) => guidance.version === version);
    return (given ?? this.#conductor.guidance)?.rate ?? 1;
  }

  #guide(guidance: Guidance): void {
    const known = this.#guidance.at(-1);
    if (known?.version === guidance.version) return;
    if (guidance.closing) this.#events.closing(this.#conductor.ending);
    else if (known && known.rate !== guidance.rate)
      this.#events.rateCut(guidance.version, this.#learningRate(guidance.version) * guidance.rate);
    this.#guidance = [...this.#guidance.slice(-1), guidance];
    this.#members.guide(guidance, this.#members.all());
  }

  #shareDone(): void {
    if (this.#someoneDone) return;
    this.#someoneDone = true;
    this.#pace.recordShare(performance.now() - this.#movedAt);
  }

  #stepDone(samples: number): void {
    this.#shareDone();
    const elapsed = performance.now() - this.#movedAt;
    this.#pace.recordStep(samples, elapsed);
    this.#times.end(elapsed);
    const { losses, series } = this.history;
    const step = losses.length - 1;
    recordRate(series, step, this.#learningRate(step) * this.#shareOfRate(step));
    this.#events.stepDone(this.progress(), samples, elapsed, this.#plan.stepsPerEpoch);
  }
}
