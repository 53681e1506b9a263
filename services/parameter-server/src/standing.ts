/**
 * How a training stands by its validations so far: which epoch was best, and whether to go on.
 *
 * A fold over the evaluations in their order, and nothing else: a lead that begins again from a
 * checkpoint finds the same. A value that is no number is never better than another.
 */
import { afterEpoch, type Plateau, plateauAtFirst } from "@amaas/optim";
import type { Evaluation } from "@amaas/proto/amaas/scheduler/v1/jobs";
import { isErrorMetric, type Metric, type TrainingSpec } from "@amaas/spec";

export type Rules = Pick<TrainingSpec, "earlyStopping" | "keep"> &
  Partial<Pick<TrainingSpec, "schedule">>;

export interface Standing {
  /** The epoch with the best value, by the steps at its end; the first of equals. */
  readonly best: { readonly step: number; readonly value: number } | undefined;
  /** What the next value has to be better than, by the least difference, so as not to wait on. */
  readonly mark: number | undefined;
  /** Epochs in a row without a better value. */
  readonly waited: number;
  /** Of the learning rate. */
  readonly plateau: Plateau;
}

const atFirst: Standing = { best: undefined, mark: undefined, waited: 0, plateau: plateauAtFirst };

/** The metrics that have to be known of every validation. */
export function watchedMetrics(rules: Rules): Metric[] {
  const { schedule } = rules;
  return [watchedMetric(rules), ...(schedule?.type === "plateau" ? [schedule.metric] : [])];
}

/** The metric of the validation split that says which epoch is best. */
export function watchedMetric({ earlyStopping }: Rules): Metric {
  return earlyStopping?.metric ?? "loss";
}

export function standingOf(rules: Rules, evaluations: readonly Evaluation[]): Standing {
  return evaluations.reduce((standing, evaluation) => after(rules, standing, evaluation), atFirst);
}

/** The standing once this evaluation is in, too. */
export function after(rules: Rules, standing: Standing, { split, step, metrics }: Evaluation) {
  if (split !== "validation") return standing;
  const { schedule } = rules;
  const metric = watchedMetric(rules);
  const value = metrics[metric] ?? Number.NaN;
  const gain = (from: number) => (isErrorMetric(metric) ? from - value : value - from);
  const beats = (mark: number | undefined, by: number) =>
    mark === undefined ? !Number.isNaN(value) : gain(mark) > by;
  const better = beats(standing.mark, rules.earlyStopping?.minDelta ?? 0);
  return {
    best: beats(standing.best?.value, 0) ? { step, value } : standing.best,
    mark: better ? value : standing.mark,
    waited: better ? 0 : standing.waited + 1,
    plateau:
      schedule?.type === "plateau"
        ? afterEpoch(schedule, standing.plateau, metrics[schedule.metric] ?? Number.NaN)
        : standing.plateau,
  };
}

/** Whether the patience is at its end. */
export function isOver({ earlyStopping }: Rules, { waited }: Standing): boolean {
  return earlyStopping !== undefined && waited >= earlyStopping.patience;
}

/** The steps after which the weights were those to be kept, of a training that has gone so far. */
export function keptStep({ keep }: Rules, { best }: Standing, step: number): number {
  return keep === "best" ? (best?.step ?? step) : step;
}

/** Why a training of so many steps has ended and what is kept of it, for a person. */
export function endingReason(
  rules: Rules,
  standing: Standing,
  { step, stepsPerEpoch }: { readonly step: number; readonly stepsPerEpoch: number },
): string {
  const metric = watchedMetric(rules);
  const epoch = (at: number) => Math.ceil(at / stepsPerEpoch);
  const epochs = standing.waited === 1 ? "an epoch" : `${standing.waited} epochs`;
  const stopped = `stopped after epoch ${epoch(step)}: no better validation ${metric} for ${epochs}`;
  const kept = `the weights of epoch ${epoch(keptStep(rules, standing, step))} are kept, the best by validation ${metric}`;
  return [
    ...(isOver(rules, standing) ? [stopped] : []),
    ...(rules.keep === "best" && standing.best ? [kept] : []),
  ].join("; ");
}
