/**
 * Graphs that a trainer runs on one micro-batch: the loss with its gradient, or all that is measured.
 *
 * Both work on a fixed number of rows, since the number of rows changes bits. A short micro-batch
 * is filled up with rows whose mask is 0: whatever numbers stand in those, sums and gradients have
 * the same bits. Both graphs give the same bits for the sum of the losses.
 */
import { gradient } from "@amaas/autodiff";
import { DomainError } from "@amaas/errors";
import {
  type Graph,
  type GraphBuilder,
  graphBuilder,
  type Model,
  modelOf,
  type Value,
  withOutputs,
} from "@amaas/graph";
import { type Measures, sumsOf } from "@amaas/metrics";
import type { LossSpec, Task } from "@amaas/spec";
import { type Augmentation, augmented } from "./augmentation.ts";
import { Detachment } from "./detachment.ts";
import type { Network } from "./network.ts";
import { labelType, lossColumn, measuredSums, ownLabels } from "./objectives/index.ts";
import { type LabelScale, type MaskedBatch, maskedSum, unscaled } from "./objectives/objective.ts";

export interface TrainingOptions {
  readonly task: Task;
  readonly loss: LossSpec;
  /** By class, where classes have weights: what the spec's come to on the data. */
  readonly classWeights?: readonly number[] | undefined;
  /** Rows of the micro-batch. */
  readonly batch: number;
}

/** An evaluation sees samples as they are. */
export interface StepOptions extends TrainingOptions {
  readonly augmentation?: Augmentation | undefined;
}

/** The input that a training graph draws random numbers from, where it draws any: UINT32 [2]. */
export const randomKey = "random/key";

export interface EvaluationOptions extends Omit<TrainingOptions, "task"> {
  readonly measures: Measures;
  /** How labels were standardised; errors in the labels' own units need it. */
  readonly labelScale?: LabelScale;
}

/**
 * Inputs: the parameters, `features` FP32 [batch, F], `labels` INT32 (classes) or FP32 (standardised
 * values) [batch] where the task has labels, `mask` FP32 [batch]. Outputs: `sums` FP32 [1], the sum of the losses, and for each
 * parameter `grad/<name>`, its gradient. Where something is dropped or augmented, `random/key` UINT32 [2] goes in too.
 */
export function trainingGraph(network: Network, options: StepOptions): Model {
  const g = graphBuilder(network.graph.name);
  const detachment = new Detachment(g);
  const { augmentation } = options;
  const change = (features: Value) =>
    augmentation
      ? augmented(g, features, g.input(randomKey, "UINT32", [2]), augmentation)
      : features;
  const batch = batchOf(g, network, network.training ?? network.graph, options, change);
  const loss = lossSum(g, batch, options, (value) => detachment.detach(value));
  g.output("sums", loss);
  g.output("loss", g.squeeze(loss, [0]));
  const wrt = network.parameters.map(({ name }) => name);
  const derived = detachment.join(
    gradient(g.build(), {
      loss: "loss",
      wrt,
      ...((network.training ?? augmentation) && { randomKey }),
    }),
  );
  return modelOf(withOutputs(derived, ["sums", ...wrt.map((name) => `grad/${name}`)]));
}

/** The same inputs; `sums` alone, FP32, in the order of `sumsOf(measures)`. */
export function evaluationGraph(network: Network, options: EvaluationOptions): Model {
  const { loss, measures, labelScale = unscaled } = options;
  const training = { ...options, task: measures.task };
  const g = graphBuilder(network.graph.name);
  const batch = batchOf(g, network, network.graph, training);
  const measured = measuredSums(g, batch, measures, { loss, labelScale });
  // Each kind is added by itself, as the loss is in training: its bits are the same.
  const sums = sumsOf(measures).map(({ name }) =>
    name === "loss" ? lossSum(g, batch, training, (value) => value) : measured[name]!,
  );
  g.output("sums", g.concat(sums, 0));
  return g.model();
}

function batchOf(
  g: GraphBuilder,
  network: Network,
  graph: Graph,
  { task, batch }: TrainingOptions,
  change: (features: Value) => Value = (features) => features,
): MaskedBatch {
  if (!Number.isSafeInteger(batch) || batch < 1)
    throw new DomainError("invalid-argument", `found a micro-batch of ${batch}, wanted 1 or more`);
  const inputs = Object.fromEntries(
    graph.inputs.map(({ name, type, shape }) => {
      const rows = name === "features" ? [batch, rowWidth(network, task)] : shape;
      return [name, g.input(name, type, rows)];
    }),
  );
  const features = change(inputs.features!);
  const { seen, labels } = ownLabels(task)?.divide(g, features) ?? {
    seen: features,
    labels: g.unsqueeze(g.input("labels", labelType(task)!, [batch]), [1]),
  };
  const mask = g.unsqueeze(g.input("mask", "FP32", [batch]), [1]);
  const { outputs } = g.inline(graph, { ...inputs, features: seen });
  return { outputs: outputs!, labels, mask };
}

/** Values of a sample, those that the network does not see among them. */
function rowWidth({ graph, context }: Network, task: Task): number {
  const seen = context ?? graph.inputs.find(({ name }) => name === "features")?.shape[1];
  if (typeof seen !== "number") throw new Error(`${graph.name} does not say how much it sees`);
  return seen + (ownLabels(task)?.unseen ?? 0);
}

function lossSum(
  g: GraphBuilder,
  batch: MaskedBatch,
  { task, loss, classWeights }: TrainingOptions,
  detach: (value: Value) => Value,
): Value {
  return maskedSum(g, lossColumn(g, batch, task, { loss, classWeights, detach }), batch.mask);
}
