/** What a loss and the measures of its task make of a batch. */
import { DomainError } from "@amaas/errors";
import type { GraphBuilder, Value } from "@amaas/graph";
import type { Measures } from "@amaas/metrics";
import { faultySpec, isClassificationLoss, type LossSpec } from "@amaas/spec";
import { classification } from "./classification.ts";
import {
  type BatchValues,
  type LabelScale,
  type LossOptions,
  type MaskedBatch,
  maskedSum,
} from "./objective.ts";
import { regression } from "./regression.ts";

/** How many outputs a network needs that is trained on this loss; 0 classes for a regression. */
export function outputCount(loss: LossSpec, classes: number): number {
  if (!isClassificationLoss(loss)) return 1;
  if (loss.type !== "sigmoid-cross-entropy") return classes;
  if (classes === 2) return 1;
  const description = `found "${loss.type}" where there are ${classes} classes, wanted it with 2`;
  throw faultySpec([{ field: "training.loss.type", description }]);
}

export function labelType(loss: LossSpec): "INT32" | "FP32" {
  return (isClassificationLoss(loss) ? classification : regression).labels;
}

/** FP32 [batch, 1] */
export function lossColumn(
  g: GraphBuilder,
  batch: BatchValues,
  options: LossOptions<LossSpec>,
): Value {
  const { loss } = options;
  return isClassificationLoss(loss)
    ? classification.loss(g, batch, { ...options, loss })
    : regression.loss(g, batch, { ...options, loss });
}

/** By name what `sumsOf(measures)` has beside the loss: FP32 [length] */
export function measuredSums(
  g: GraphBuilder,
  batch: MaskedBatch,
  loss: LossSpec,
  measures: Measures,
  scale: LabelScale,
): Readonly<Record<string, Value>> {
  const columns = Object.entries(measuredColumns(g, batch, loss, measures, scale));
  return {
    ...Object.fromEntries(columns.map(([name, each]) => [name, maskedSum(g, each, batch.mask)])),
    ...(measures.task === "classification" && classification.counts?.(g, batch, measures)),
  };
}

/** What each sample adds to them, but for counts of classes: FP32 [batch, length] */
export function measuredColumns(
  g: GraphBuilder,
  batch: BatchValues,
  loss: LossSpec,
  measures: Measures,
  scale: LabelScale,
): Readonly<Record<string, Value>> {
  const isClass = isClassificationLoss(loss);
  if (measures.task === "classification" && isClass)
    return classification.columns(g, batch, measures, scale);
  if (measures.task === "regression" && !isClass)
    return regression.columns(g, batch, measures, scale);
  throw new DomainError(
    "invalid-argument",
    `found the loss ${loss.type} and measures of ${measures.task}, wanted those of one task`,
  );
}
