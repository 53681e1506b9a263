/**
 * The lead's part of a job: which pass over the data comes next, and its sums of loss and metrics.
 *
 * What comes next is a function of the step and of the evaluations there are, so that a lead that
 * begins again from a checkpoint goes on where that left off.
 */
import { confusionOf, type MetricValues, metricsOf } from "@amaas/metrics";
import { type Guidance, Pass } from "@amaas/proto/amaas/parameter_server/v1/parameter_server";
import type { Ending, Evaluation } from "@amaas/proto/amaas/scheduler/v1/jobs";
import { isNode, SumTree, type TreeNode } from "@amaas/reduction";
import { mainMetrics } from "@amaas/spec";
import { malformed } from "./errors.ts";
import { endsEpoch, type Plan } from "./plan.ts";
import {
  after,
  endingReason,
  isOver,
  keptStep,
  type Standing,
  standingOf,
  watchedMetrics,
} from "./standing.ts";
import type { StepSeries } from "./step-series.ts";

export interface Move {
  readonly pass: Pass;
  readonly version: number;
}

export interface NodeSums extends Move, TreeNode {
  readonly samples: number;
  readonly values: readonly number[];
}

export interface History {
  readonly losses: number[];
  readonly evaluations: Evaluation[];
  readonly series: StepSeries;
}

interface Totals {
  samples: number;
  values: number[];
}

/** Where a training is; `closed` once the shards have gone to the weights that are kept. */
export interface Place {
  readonly step: number;
  readonly closed: boolean;
}

/** Whether no training step follows. */
function isAtEnd(plan: Plan, { step }: Place, standing: Standing): boolean {
  return step >= plan.totalSteps || (plan.rules !== undefined && isOver(plan.rules, standing));
}

/** The next pass, or none when the job is done, or waits for its shards to be closed. */
export function nextMove(
  plan: Plan,
  place: Place,
  evaluations: readonly Evaluation[],
  standing: Standing,
): Move | undefined {
  const { step: version, closed } = place;
  const validated = evaluations.some((e) => e.split === "validation" && e.step === version);
  if (!closed && endsEpoch(plan, version) && plan.validationRows > 0 && !validated)
    return { pass: Pass.VALIDATION, version };
  if (!closed && !isAtEnd(plan, place, standing)) return { pass: Pass.TRAINING, version };
  if (plan.rules && !closed) return undefined;
  const tested = evaluations.some(({ split }) => split === "test");
  return plan.testRows > 0 && !tested ? { pass: Pass.TEST, version } : undefined;
}

export class Conductor {
  readonly #plan: Plan;
  readonly #history: History;
  #place: Place;
  #standing: Standing;
  #move: Move | undefined;
  #tree: SumTree<Totals>;

  constructor(plan: Plan, history: History, place: Place) {
    this.#plan = plan;
    this.#history = history;
    this.#tree = newTree(plan.leaves);
    this.#place = place;
    this.#standing = standingOf(plan.rules ?? { keep: "last" }, history.evaluations);
    this.#move = this.#next();
  }

  get move(): Move | undefined {
    return this.#move;
  }

  get history(): History {
    return this.#history;
  }

  /** What every shard has to know for what follows, where anything does on its weights. */
  get guidance(): Guidance | undefined {
    const { rules } = this.#plan;
    const { step: version, closed } = this.#place;
    if (!rules || closed) return undefined;
    const { share: rate } = this.#standing.plateau;
    if (this.#move?.pass === Pass.TRAINING) {
      const keep = rules.keep === "best" ? (this.#standing.best?.step ?? 0) : 0;
      return { version, keep, closing: false, rate };
    }
    if (this.#move) return undefined;
    return { version, keep: keptStep(rules, this.#standing, version), closing: true, rate };
  }

  /** Once it is certain. */
  get ending(): Ending | undefined {
    const { rules, stepsPerEpoch } = this.#plan;
    const step = this.#lastStep();
    if (step === undefined) return undefined;
    const kept = rules ? keptStep(rules, this.#standing, step) : step;
    return {
      version: rules ? step + 1 : step,
      keptStep: kept,
      keptEpoch: Math.ceil(kept / stepsPerEpoch),
      reason: rules ? endingReason(rules, this.#standing, { step, stepsPerEpoch }) : "",
    };
  }

  /** The step that the training ends with, or may end with at the latest. */
  get totalSteps(): number {
    return this.#lastStep() ?? this.#plan.totalSteps;
  }

  /** The shards have gone to the weights that are kept, as the version after the last step. */
  close(version: number): void {
    this.#shorten();
    this.#place = { step: version, closed: true };
    this.#move = this.#next();
  }

  missing(): number[] {
    return this.#move ? this.#tree.missing() : [];
  }

  /** Takes a node's sums in; those of another pass, and repeats, change nothing. */
  add({ pass, version, level, index, samples, values }: NodeSums): void {
    const node = { level, index };
    if (!isNode(node, this.#plan.leaves))
      throw malformed(`(${level}, ${index}) is no node over ${this.#plan.leaves} shards`);
    const wanted = sumCount(this.#plan, pass);
    if (values.length !== wanted)
      throw malformed(`${values.length} sums came where ${wanted} were wanted`);
    if (pass !== this.#move?.pass || version !== this.#move.version) return;
    if (this.#tree.check(node) !== "duplicate")
      this.#tree.add(node, { samples, values: [...values] });
  }

  /** Ends the pass when its sums are complete and, in training, the step has been applied. */
  advance(shardStep: number): Totals | undefined {
    const move = this.#move;
    const totals = this.#tree.root;
    if (!move || !totals) return undefined;
    if (move.pass === Pass.TRAINING && shardStep <= move.version) return undefined;
    this.#record(move, totals);
    this.#tree = newTree(this.#plan.leaves);
    this.#place = { ...this.#place, step: shardStep };
    this.#move = this.#next();
    return totals;
  }

  #next(): Move | undefined {
    return nextMove(this.#plan, this.#place, this.#history.evaluations, this.#standing);
  }

  /** Known from the beginning where the job goes by nothing that it finds out. */
  #lastStep(): number | undefined {
    const { rules, totalSteps } = this.#plan;
    if (!rules) return totalSteps;
    if (this.#place.closed) return this.#place.step - 1;
    return this.guidance?.closing ? this.#place.step : undefined;
  }

  #record({ pass, version }: Move, { samples, values }: Totals): void {
    if (samples === 0) throw new Error(`the sums of a pass at step ${version} are of no samples`);
    if (pass === Pass.TRAINING) {
      const [loss = Number.NaN] = values;
      this.#history.losses[version] = loss / samples;
      // Only now: a checkpoint of the step before is the same whether it was validated by then or not.
      if (this.#history.evaluations.at(-1)?.step === version) this.#shorten();
      return;
    }
    const { task, sums, totalSteps, rules } = this.#plan;
    const all = metricsOf(task, sums, values, samples);
    if (pass === Pass.TEST) {
      const step = this.ending?.keptStep ?? version;
      const metrics = { ...all, ...confusionOf(sums, values) };
      this.#history.evaluations.push({ step, split: "test", metrics });
      return;
    }
    const isWhole = rules !== undefined || version === totalSteps;
    const evaluation = {
      step: version,
      split: "validation",
      metrics: isWhole ? all : mainOf(all, mainMetrics),
    };
    this.#history.evaluations.push(evaluation);
    if (rules) this.#standing = after(rules, this.#standing, evaluation);
  }

  /** Leaves all metrics to the evaluation of the weights that would be kept, and the main ones to the others. */
  #shorten(): void {
    const { rules } = this.#plan;
    const { evaluations } = this.#history;
    const newest = evaluations.at(-1);
    if (!rules || !newest) return;
    const main = [...mainMetrics, ...watchedMetrics(rules)];
    const kept = keptStep(rules, this.#standing, newest.step);
    evaluations.forEach((evaluation, i) => {
      if (evaluation.step !== kept)
        evaluations[i] = { ...evaluation, metrics: mainOf(evaluation.metrics, main) };
    });
  }
}

/** What the history keeps of every epoch: it is told anew with each step. */
function mainOf(all: MetricValues, main: readonly string[]): MetricValues {
  return Object.fromEntries(Object.entries(all).filter(([name]) => main.includes(name)));
}

function sumCount({ sums }: Plan, pass: Pass): number {
  if (pass === Pass.TRAINING) return 1;
  return sums.reduce((total, { length }) => total + length, 0);
}

function newTree(leaves: number): SumTree<Totals> {
  return new SumTree(leaves, (left: Totals, right: Totals) => ({
    samples: left.samples + right.samples,
    values: left.values.map((value, i) => value + (right.values[i] ?? 0)),
  }));
}
