/**
 * The lead's part of a job: which pass over the data comes next, and its sums of loss and metrics.
 *
 * What comes next is a function of the step and of the evaluations there are, so that a lead that
 * begins again from a checkpoint goes on where that left off.
 */
import { confusionOf, type MetricValues, metricsOf, type SumGroup } from "@amaas/metrics";
import { Pass } from "@amaas/proto/amaas/parameter_server/v1/parameter_server";
import type { Evaluation } from "@amaas/proto/amaas/scheduler/v1/jobs";
import { isNode, SumTree, type TreeNode } from "@amaas/reduction";
import { type JobSpec, mainMetrics } from "@amaas/spec";
import { malformed } from "./errors.ts";

export interface Plan {
  readonly task: JobSpec["task"];
  readonly leaves: number;
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  /** Of an evaluation, in order; a step has the first alone, the loss. */
  readonly sums: readonly SumGroup[];
  readonly validationRows: number;
  readonly testRows: number;
}

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
}

interface Totals {
  samples: number;
  values: number[];
}

/** The next pass at this step, or none when the job is done. */
export function nextMove(
  plan: Plan,
  step: number,
  evaluations: readonly Evaluation[],
): Move | undefined {
  const has = (split: string) => evaluations.some((e) => e.split === split && e.step === step);
  const epochEnds = step > 0 && (step % plan.stepsPerEpoch === 0 || step === plan.totalSteps);
  if (epochEnds && plan.validationRows > 0 && !has("validation"))
    return { pass: Pass.VALIDATION, version: step };
  if (step < plan.totalSteps) return { pass: Pass.TRAINING, version: step };
  if (plan.testRows > 0 && !has("test")) return { pass: Pass.TEST, version: step };
  return undefined;
}

export class Conductor {
  readonly #plan: Plan;
  readonly #history: History;
  #move: Move | undefined;
  #tree: SumTree<Totals>;

  constructor(plan: Plan, history: History, step: number) {
    this.#plan = plan;
    this.#history = history;
    this.#tree = newTree(plan.leaves);
    this.#move = nextMove(plan, step, history.evaluations);
  }

  get move(): Move | undefined {
    return this.#move;
  }

  get history(): History {
    return this.#history;
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
    this.#move = nextMove(this.#plan, shardStep, this.#history.evaluations);
    return totals;
  }

  #record({ pass, version }: Move, { samples, values }: Totals): void {
    if (samples === 0) throw new Error(`the sums of a pass at step ${version} are of no samples`);
    if (pass === Pass.TRAINING) {
      const [loss = Number.NaN] = values;
      this.#history.losses[version] = loss / samples;
      return;
    }
    const { task, sums, totalSteps } = this.#plan;
    const all = metricsOf(task, sums, values, samples);
    const isTest = pass === Pass.TEST;
    this.#history.evaluations.push({
      step: version,
      split: isTest ? "test" : "validation",
      metrics: {
        ...(version === totalSteps ? all : mainOf(all)),
        ...(isTest && confusionOf(sums, values)),
      },
    });
  }
}

/** What the history keeps of every epoch: it is told anew with each step. */
function mainOf(all: MetricValues): MetricValues {
  const main: readonly string[] = mainMetrics;
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
