/**
 * The graph that answers requests: raw inputs through what the data needed, through the network, to
 * what people asked for. Parameters are inputs until they move in as constants.
 */
import { DomainError } from "@amaas/errors";
import { graphBuilder, type Model, modelOf } from "@amaas/graph";
import type { LossSpec, Task } from "@amaas/spec";
import { answers, seenBy } from "./answers/index.ts";
import type { Network } from "./network.ts";
import type { LabelScale } from "./objectives/objective.ts";

export type ClassName = string | number;

export interface ServingOptions {
  readonly task: Task;
  /** For classification: the name of each output; for language modeling: the token of each. */
  readonly classes?: readonly ClassName[];
  /** For regression: how labels were standardised. */
  readonly labelScale?: LabelScale;
  /** For reconstruction: what it was trained on. */
  readonly loss?: LossSpec;
  /** For reconstruction: the array that samples are rows of, sizes of a row and what 1 is of a feature in it. */
  readonly array?: { readonly sizes: readonly number[]; readonly unit: number };
}

/**
 * `features` takes raw inputs to its one output, FP32 [n, F]. Classification puts out `label`,
 * BYTES or, if all classes are whole numbers, INT64 [n], and `probabilities` FP32 [n, classes];
 * regression `prediction` FP32 [n] in the units of the labels; reconstruction `reconstruction` as the
 * input is, `error` FP32 [n], its mean squared error over the features, and `code` FP32 [n, code] where
 * the network makes one; language modeling `label`, the likeliest token after the last of each row,
 * and `probabilities` FP32 [n, vocabulary] of all.
 */
export function servingGraph(features: Model, network: Network, options: ServingOptions): Model {
  refuseClashes(features, network, options.task);
  const g = graphBuilder(network.graph.name);
  const inputs = (infos: Model["graph"]["inputs"]) =>
    Object.fromEntries(infos.map(({ name, type, shape }) => [name, g.input(name, type, shape)]));
  const raw = inputs(features.graph.inputs);
  const parameters = inputs(network.graph.inputs.filter(({ name }) => name !== "features"));

  const [prepared, ...others] = Object.values(g.inline(features.graph, raw));
  if (!prepared || others.length > 0)
    throw new DomainError(
      "invalid-argument",
      `found ${features.graph.outputs.length} outputs of the data's graph, wanted 1, the features`,
    );
  const seen = seenBy(g, network, prepared, options.task);
  const { outputs, code } = g.inline(network.graph, { ...parameters, features: seen });
  const found = { seen, outputs: outputs!, code };
  for (const [name, answer] of Object.entries(answers[options.task].give(g, found, options)))
    g.output(name, answer);
  return modelOf(g.build());
}

/** A graph has one value of a name, so an input cannot be called as an answer or a parameter is. */
function refuseClashes(features: Model, network: Network, task: Task): void {
  const taken = new Set([...answers[task].names, ...network.parameters.map(({ name }) => name)]);
  const clashes = features.graph.inputs.map(({ name }) => name).filter((name) => taken.has(name));
  if (clashes.length === 0) return;
  throw new DomainError(
    "invalid-argument",
    `found inputs named ${clashes.join(", ")}, wanted other names: those are the model's own`,
    {
      violations: clashes.map((field) => ({ field, description: "is a name of the model's own" })),
    },
  );
}
