/** How the learning rate goes along with the steps; factors and shares are of `optimizer.learningRate`. */
import type { Metric } from "./metrics.ts";

export interface WarmupSpec {
  readonly length: number;
  /** Share of the learning rate at the first step. */
  readonly from: number;
}

interface CommonSpec {
  /** What lengths in the schedule are counted in. */
  readonly unit: "epoch" | "step";
  /** Goes before the schedule, which begins when it is over. */
  readonly warmup?: WarmupSpec;
}

export interface ConstantScheduleSpec extends CommonSpec {
  readonly type: "constant";
}

export interface StepScheduleSpec extends CommonSpec {
  readonly type: "step";
  readonly every: number;
  readonly factor: number;
}

export interface MultiStepScheduleSpec extends CommonSpec {
  readonly type: "multi-step";
  readonly at: readonly number[];
  readonly factor: number;
}

export interface ExponentialScheduleSpec extends CommonSpec {
  readonly type: "exponential";
  readonly factor: number;
}

export interface CosineScheduleSpec extends CommonSpec {
  readonly type: "cosine";
  readonly end: number;
  /** Length of the first cycle, after which it restarts; without one, a single cycle is the whole. */
  readonly cycle?: number;
  /** How much longer each cycle is than the one before. */
  readonly growth: number;
}

export interface OneCycleScheduleSpec extends CommonSpec {
  readonly type: "one-cycle";
  readonly start: number;
  readonly end: number;
  /** Share of the steps on the way up. */
  readonly rise: number;
  readonly shape: "cosine" | "linear";
}

export interface PolynomialScheduleSpec extends CommonSpec {
  readonly type: "polynomial";
  readonly power: number;
  readonly end: number;
}

/** Goes by what the validation split shows at the end of each epoch. */
export interface PlateauScheduleSpec extends CommonSpec {
  readonly type: "plateau";
  readonly metric: Metric;
  readonly factor: number;
  /** Epochs. */
  readonly patience: number;
  readonly minDelta: number;
  /** Epochs. */
  readonly cooldown: number;
  readonly end: number;
}

export type ScheduleSpec =
  | ConstantScheduleSpec
  | StepScheduleSpec
  | MultiStepScheduleSpec
  | ExponentialScheduleSpec
  | CosineScheduleSpec
  | OneCycleScheduleSpec
  | PlateauScheduleSpec
  | PolynomialScheduleSpec;
