/** Optimizers to be tried in every form that changes what is kept or computed. */
import { type JobSpec, parseJobSpec } from "@amaas/spec";
import type { OptimizerSpec } from "./index.ts";

/** The training of a job that names these, with the parser's defaults. */
export function trainingOf(optimizer: object, schedule: object = { type: "constant" }) {
  const document = {
    name: "case",
    task: "regression",
    data: { format: "csv", file: "rows.csv", label: "y" },
    architecture: { type: "linear" },
    training: { epochs: 20, batchSize: 8, optimizer, schedule },
  };
  return parseJobSpec(document).training satisfies JobSpec["training"];
}

const specs: readonly object[] = [
  { type: "sgd", learningRate: 0.1 },
  { type: "sgd", learningRate: 0.1, momentum: 0.9, weightDecay: 0.01 },
  { type: "sgd", learningRate: 0.1, momentum: 0.9, nesterov: true },
  { type: "sgd", learningRate: 0.1, weightDecay: 0.1, decoupled: true },
  { type: "sgd", learningRate: 0.1, l1: 0.1, clipValue: 0.5 },
  { type: "adagrad", learningRate: 0.5 },
  { type: "rmsprop", learningRate: 0.02 },
  { type: "rmsprop", learningRate: 0.02, centered: true },
  { type: "rmsprop", learningRate: 0.02, momentum: 0.5 },
  { type: "rmsprop", learningRate: 0.02, momentum: 0.5, centered: true, clipValue: 2 },
  { type: "adam", learningRate: 0.1 },
  { type: "adam", learningRate: 0.1, beta1: 0.5, beta2: 0.75, epsilon: 0.1, l1: 0.01 },
  { type: "adam", learningRate: 0.1, amsgrad: true },
  { type: "adamw", learningRate: 0.1, weightDecay: 0.1 },
  { type: "adamax", learningRate: 0.1 },
  { type: "nadam", learningRate: 0.1 },
  { type: "lamb", learningRate: 0.05 },
  { type: "lamb", learningRate: 0.05, weightDecay: 0.1, l1: 0.01, clipValue: 2 },
  { type: "lion", learningRate: 0.02, weightDecay: 0.1 },
  { type: "ftrl", learningRate: 1 },
  { type: "ftrl", learningRate: 1, l1: 0.1, l2: 0.1 },
];

export const cases: readonly (readonly [name: string, OptimizerSpec])[] = specs.map((spec) => [
  JSON.stringify(spec).replace(/"/g, ""),
  trainingOf(spec).optimizer,
]);
