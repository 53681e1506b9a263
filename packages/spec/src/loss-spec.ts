/**
 * The loss part of a job spec, and which losses a task can have.
 *
 * Losses of a classification are told of one sample, and weighted by its class; those of an embedding
 * are told of one sample and the others of its micro-batch; those of a regression are of the
 * standardised label, those of a reconstruction of each value, those of language modeling of each token.
 */
import type { Task } from "./job-spec.ts";

/** By class name; classes that are not named weigh 1. `balanced`: the rarer in training, the more. */
export type ClassWeights = "balanced" | Readonly<Record<string, number>>;

export interface CrossEntropySpec {
  /** `sigmoid-cross-entropy`: two classes, and a network with one output; or values from 0 to 1. */
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

export interface InfoNceSpec {
  readonly type: "infonce";
  /** What cosines are divided by. */
  readonly temperature: number;
  /** Numbers of an embedding. */
  readonly width: number;
}

export interface TripletSpec {
  readonly type: "triplet";
  /** Of distances, which are 2 at most. */
  readonly margin: number;
  /** Numbers of an embedding. */
  readonly width: number;
}

export type ClassificationLossSpec = CrossEntropySpec | FocalSpec | HingeSpec;
export type RegressionLossSpec = ErrorLossSpec | HuberSpec | QuantileSpec;
export type ReconstructionLossSpec =
  | ErrorLossSpec
  | HuberSpec
  | (CrossEntropySpec & { readonly type: "sigmoid-cross-entropy" });
export type LanguageLossSpec = CrossEntropySpec & { readonly type: "cross-entropy" };
export type EmbeddingLossSpec = InfoNceSpec | TripletSpec;
export type LossSpec = ClassificationLossSpec | RegressionLossSpec | EmbeddingLossSpec;

/** The losses that a job of a task can have. */
export interface LossSpecs {
  readonly classification: ClassificationLossSpec;
  readonly regression: RegressionLossSpec;
  readonly embedding: EmbeddingLossSpec;
  readonly reconstruction: ReconstructionLossSpec;
  readonly "language-modeling": LanguageLossSpec;
}

/** The losses of each task. */
const losses: { readonly [T in Task]: readonly LossSpecs[T]["type"][] } = {
  classification: ["cross-entropy", "sigmoid-cross-entropy", "focal", "hinge"],
  regression: ["mse", "mae", "huber", "log-cosh", "quantile"],
  embedding: ["infonce", "triplet"],
  reconstruction: ["mse", "mae", "huber", "log-cosh", "sigmoid-cross-entropy"],
  "language-modeling": ["cross-entropy"],
};

/** What a job is trained on that names no loss. */
export const defaultLoss: { readonly [T in Task]: LossSpec["type"] } = {
  classification: "cross-entropy",
  regression: "mse",
  embedding: "infonce",
  reconstruction: "mse",
  "language-modeling": "cross-entropy",
};

export function lossesOf(task: Task): readonly string[] {
  return losses[task];
}

/** Whether a job of the task can have the loss. */
export function isLossOf<T extends Task>(task: T, loss: LossSpec): loss is LossSpecs[T] & LossSpec {
  return lossesOf(task).includes(loss.type);
}
