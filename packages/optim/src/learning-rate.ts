/**
 * The learning rate of each step, known before the first: it follows from the spec and from how many
 * steps there are, so that nothing of it has to be kept in a checkpoint.
 */
import { DomainError } from "@amaas/errors";
import type { JobSpec, WarmupSpec } from "@amaas/spec";
import { type Factor, factorOf } from "./schedules.ts";

/** Of a step, counted from 0. */
export type LearningRate = (step: number) => number;

type TrainingSpec = Pick<JobSpec["training"], "optimizer" | "schedule">;

export interface TrainingLength {
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
}

export function learningRate(
  { optimizer, schedule }: TrainingSpec,
  { stepsPerEpoch, totalSteps }: TrainingLength,
): LearningRate {
  const unit = schedule.unit === "epoch" ? stepsPerEpoch : 1;
  const steps = (length: number) => Math.max(1, Math.round(length * unit));
  const { warmup } = schedule;
  const before = warmup === undefined ? 0 : steps(warmup.length);
  if (before > 0 && before >= totalSteps) throw tooLong(before, totalSteps);
  const factor = factorOf(schedule, { total: totalSteps - before, steps });
  const whole = warmup === undefined ? factor : warmedUp(warmup, before, factor);
  return (step) => optimizer.learningRate * whole(step);
}

/** In a straight line from `from` to 1, then on with the schedule, at its own step 0. */
function warmedUp({ from }: WarmupSpec, length: number, then: Factor): Factor {
  return (step) => (step < length ? from + ((1 - from) * step) / length : then(step - length));
}

function tooLong(found: number, totalSteps: number): DomainError {
  const description = `is ${found} steps, wanted fewer than the ${totalSteps} of the training`;
  const field = "training.schedule.warmup.length";
  return new DomainError("invalid-argument", `${field}: ${description}`, {
    violations: [{ field, description }],
  });
}
