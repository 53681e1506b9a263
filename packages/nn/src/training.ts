/**
 * Graphs that a trainer runs on one micro-batch: the sums alone, or the sums with the gradient.
 *
 * Both work on a fixed number of rows, since the number of rows changes bits. A short micro-batch
 * is filled up with rows whose mask is 0: whatever numbers stand in those, sums and gradients have
 * the same bits. Both graphs give the same bits for the sums.
 */
import { gradient } from "@amaas/autodiff";
import { DomainError } from "@amaas/errors";
import {
  type GraphBuilder,
  graphBuilder,
  type Model,
  modelOf,
  type Value,
  withOutputs,
} from "@amaas/graph";
import { sumNames } from "@amaas/metrics";
import type { Task } from "@amaas/spec";
import { Detachment } from "./detachment.ts";
import type { Network } from "./network.ts";
import { objectives } from "./objectives/index.ts";
import { type LabelScale, unscaled } from "./objectives/objective.ts";

export interface BatchOptions {
  readonly task: Task;
  /** Rows of the micro-batch. */
  readonly batch: number;
  /** How labels were standardised; errors in the labels' own units need it. */
  readonly labelScale?: LabelScale;
}

/**
 * Inputs: the parameters, `features` FP32 [batch, F], `labels` INT32 (classes) or FP32 (standardised
 * values) [batch], `mask` FP32 [batch]. Outputs: `sums` FP32, in the order of `sumNames(task)`, and
 * for each parameter `grad/<name>`, the gradient of the sum of the losses.
 */
export function trainingGraph(network: Network, options: BatchOptions): Model {
  const g = graphBuilder(network.graph.name);
  const detachment = new Detachment(g);
  const { sums, loss } = measure(g, network, options, (value) => detachment.detach(value));
  g.output("sums", sums);
  g.output("loss", loss);
  const wrt = network.parameters.map(({ name }) => name);
  const derived = detachment.join(gradient(g.build(), { loss: "loss", wrt }));
  return modelOf(withOutputs(derived, ["sums", ...wrt.map((name) => `grad/${name}`)]));
}

/** The same inputs; `sums` alone. */
export function evaluationGraph(network: Network, options: BatchOptions): Model {
  const g = graphBuilder(network.graph.name);
  g.output("sums", measure(g, network, options, (value) => value).sums);
  return g.model();
}

/** The network and the objective on one micro-batch: all sums as a vector, and the loss's as a scalar. */
function measure(
  g: GraphBuilder,
  network: Network,
  { task, batch, labelScale = unscaled }: BatchOptions,
  detach: (value: Value) => Value,
): { readonly sums: Value; readonly loss: Value } {
  if (!Number.isSafeInteger(batch) || batch < 1)
    throw new DomainError("invalid-argument", `found a micro-batch of ${batch}, wanted 1 or more`);
  const inputs = Object.fromEntries(
    network.graph.inputs.map(({ name, type, shape }) => {
      const rows = name === "features" ? shape.with(0, batch) : shape;
      return [name, g.input(name, type, rows)];
    }),
  );
  const labels = g.unsqueeze(g.input("labels", objectives[task].labels, [batch]), [1]);
  const mask = g.unsqueeze(g.input("mask", "FP32", [batch]), [1]);

  const { outputs } = g.inline(network.graph, inputs);
  const columns = objectives[task].measure(
    g,
    { outputs: outputs!, labels },
    { labelScale, detach },
  );
  const all = g.concat(
    sumNames(task).map((name) => columns[name]!),
    1,
  );
  return {
    sums: g.reduceSum(g.mul(all, mask), [0], { keepdims: false }),
    loss: g.reduceSum(g.mul(columns.loss!, mask), undefined, { keepdims: false }),
  };
}
