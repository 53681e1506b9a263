/** What a loss and the measures of its task make of a batch: a new task is a file beside this and a line here. */
import { DomainError } from "@amaas/errors";
import type { GraphBuilder, Value } from "@amaas/graph";
import type { Measures } from "@amaas/metrics";
import { isLossOf, type LossSpec, type Task } from "@amaas/spec";
import { classification } from "./classification.ts";
import { embedding } from "./embedding.ts";
import { languageModeling } from "./language-modeling.ts";
import {
  type BatchValues,
  type LabelType,
  type LossOptions,
  type MaskedBatch,
  type MeasureOptions,
  maskedSum,
  type Objective,
  type OwnLabels,
} from "./objective.ts";
import { reconstruction } from "./reconstruction.ts";
import { regression } from "./regression.ts";

const objectives: { readonly [T in Task]: Objective<T> } = {
  classification,
  regression,
  embedding,
  reconstruction,
  "language-modeling": languageModeling,
};

/** The type of labels that come with samples; undefined where a sample is its own. */
export function labelType(task: Task): LabelType | undefined {
  return objectives[task].labels;
}

/** How samples are their own labels; undefined where labels come with them. */
export function ownLabels(task: Task): OwnLabels | undefined {
  return objectives[task].own;
}

/** FP32 [batch, 1] */
export function lossColumn<T extends Task>(
  g: GraphBuilder,
  batch: BatchValues,
  task: T,
  options: LossOptions<LossSpec>,
): Value {
  const { loss } = options;
  if (!isLossOf(task, loss)) throw misfit(loss, task);
  return objectives[task].loss(g, batch, { ...options, loss });
}

/** By name what `sumsOf(measures)` has beside the loss: FP32 [length] */
export function measuredSums(
  g: GraphBuilder,
  batch: MaskedBatch,
  measures: Measures,
  options: MeasureOptions<LossSpec>,
): Readonly<Record<string, Value>> {
  const columns = Object.entries(measuredColumns(g, batch, measures, options));
  return {
    ...Object.fromEntries(columns.map(([name, each]) => [name, maskedSum(g, each, batch.mask)])),
    ...(measures.task === "classification" && classification.counts?.(g, batch, measures)),
  };
}

/** What each sample adds to them, but for counts of classes: FP32 [batch, length] */
export function measuredColumns(
  g: GraphBuilder,
  batch: BatchValues,
  measures: Measures,
  options: MeasureOptions<LossSpec>,
): Readonly<Record<string, Value>> {
  return columnsOf(g, batch, measures.task, measures, options);
}

/** Generic in the task, which ties the table's entry to the measures that it takes. */
function columnsOf<T extends Task>(
  g: GraphBuilder,
  batch: BatchValues,
  task: T,
  measures: Measures & { readonly task: T },
  { loss, labelScale }: MeasureOptions<LossSpec>,
): Readonly<Record<string, Value>> {
  if (!isLossOf(task, loss)) throw misfit(loss, task);
  return objectives[task].columns(g, batch, measures, { loss, labelScale });
}

function misfit({ type }: LossSpec, task: Task): DomainError {
  return new DomainError(
    "invalid-argument",
    `found the loss ${type} and the task ${task}, wanted both of one task`,
  );
}
