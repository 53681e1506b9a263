/**
 * Graphs that score rows one by one: from features to outputs, and from outputs to what each row adds to
 * every sum that metrics follow from.
 *
 * They are two, so that what no network made, a baseline's outputs, is measured by the same arithmetic.
 * Both work on a fixed number of rows, as training does.
 */
import { DomainError } from "@amaas/errors";
import { type GraphBuilder, graphBuilder, type Model } from "@amaas/graph";
import { probabilities, scoresOf } from "./classes.ts";
import type { Network } from "./network.ts";
import { likeliest } from "./objectives/classification.ts";
import { labelType, lossColumn, measuredColumns } from "./objectives/index.ts";
import { unscaled } from "./objectives/objective.ts";
import type { EvaluationOptions } from "./training.ts";

/** Inputs: the parameters and `features` FP32 [batch, F]. Output: `outputs` FP32 [batch, outputs]. */
export function outputGraph(network: Network, batch: number): Model {
  const g = graphBuilder(network.graph.name);
  const inputs = network.graph.inputs.map(({ name, type, shape }) => {
    const rows = name === "features" ? shape.with(0, batch) : shape;
    return [name, g.input(name, type, rows)] as const;
  });
  const { outputs } = g.inline(network.graph, Object.fromEntries(inputs));
  g.output("outputs", outputs!);
  return g.model();
}

/**
 * Inputs: `outputs` FP32 [batch, width] and `labels` [batch] as in training. Outputs: a row's part of each
 * group of `sumsOf(measures)`, by name, FP32 [batch, length], but for counts of classes; for classes
 * instead `class` INT32 [batch, 1], the likeliest, and `probabilities` FP32 [batch, classes].
 */
export function rowGraph(width: number, options: EvaluationOptions): Model {
  const { loss, classWeights, batch, measures, labelScale = unscaled } = options;
  const { task } = measures;
  const g = graphBuilder("rows");
  const outputs = g.input("outputs", "FP32", [batch, width]);
  const labels = g.unsqueeze(g.input("labels", labelType(task) ?? refuse(task), [batch]), [1]);
  const values = { outputs, labels };
  g.output("loss", lossColumn(g, values, task, { loss, classWeights, detach: (value) => value }));
  const columns = measuredColumns(g, values, measures, { loss, labelScale });
  for (const [name, column] of Object.entries(columns)) g.output(name, g.identity(column));
  if (measures.task === "classification") classOutputs(g, outputs);
  return g.model();
}

function refuse(task: string): never {
  throw new DomainError(
    "invalid-argument",
    `found rows of ${task}, which have no labels, wanted rows that have`,
  );
}

function classOutputs(g: GraphBuilder, outputs: Parameters<typeof scoresOf>[1]): void {
  const scores = scoresOf(g, outputs);
  g.output("class", likeliest(g, scores));
  g.output("probabilities", probabilities(g, scores));
}
