/**
 * The loss part of a job spec, and which losses a task can have.
 *
 * Losses of a classification are told of one sample, and weighted by its class; those of a
 * regression are of the standardised label.
 */
import type { Task } from "./job-spec.ts";

/** By class name; classes that are not named weigh 1. `balanced`: the rarer in training, the more. */
export type ClassWeights = "balanced" | Readonly<Record<string, number>>;

export interface CrossEntropySpec {
  /** `sigmoid-cross-entropy`: two classes, and a network with one output. */
  readonly type: "cross-entropy" | "sigmoid-cross-entropy";
  readonly classWeights?: ClassWeights;
  readonly labelSmoothing: number;
}

export interface FocalSpec {
  readonly type: "focal";
  readonly classWeights?: ClassWeights;
  readonly gamma: number;
}

export interface HingeSpec {
  readonly type: "hinge";
  readonly classWeights?: ClassWeights;
  readonly margin: number;
  readonly power: 1 | 2;
}

/** Of the error alone. */
export interface ErrorLossSpec {
  readonly type: "mse" | "mae" | "log-cosh";
}

export interface HuberSpec {
  readonly type: "huber";
  /** In standard deviations of the label. */
  readonly delta: number;
}

export interface QuantileSpec {
  readonly type: "quantile";
  readonly quantile: number;
}

export type ClassificationLossSpec = CrossEntropySpec | FocalSpec | HingeSpec;
export type RegressionLossSpec = ErrorLossSpec | HuberSpec | QuantileSpec;
export type LossSpec = ClassificationLossSpec | RegressionLossSpec;

/** The task of each loss. */
const tasks: { readonly [L in LossSpec["type"]]: Task } = {
  "cross-entropy": "classification",
  "sigmoid-cross-entropy": "classification",
  focal: "classification",
  hinge: "classification",
  mse: "regression",
  mae: "regression",
  huber: "regression",
  "log-cosh": "regression",
  quantile: "regression",
};

/** What a job is trained on that names no loss. */
export const defaultLoss: { readonly [T in Task]: LossSpec["type"] } = {
  classification: "cross-entropy",
  regression: "mse",
};

export function lossesOf(task: Task): readonly string[] {
  return Object.entries(tasks).flatMap(([name, of]) => (of === task ? [name] : []));
}

export function isClassificationLoss(loss: LossSpec): loss is ClassificationLossSpec {
  return tasks[loss.type] === "classification";
}
