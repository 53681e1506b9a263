/**
 * The graph that answers requests: raw inputs through what the data needed, through the network, to
 * what people asked for. Parameters are inputs until they move in as constants.
 */
import { DomainError } from "@amaas/errors";
import { type GraphBuilder, graphBuilder, type Model, modelOf, type Value } from "@amaas/graph";
import type { Task } from "@amaas/spec";
import { tensor } from "@amaas/tensor";
import { countOf, probabilities, scoresOf } from "./classes.ts";
import type { Network } from "./network.ts";
import { type LabelScale, unscaled } from "./objectives/objective.ts";

export type ClassName = string | number;

export interface ServingOptions {
  readonly task: Task;
  /** For classification: the name of each output. */
  readonly classes?: readonly ClassName[];
  /** For regression: how labels were standardised. */
  readonly labelScale?: LabelScale;
}

/**
 * `features` takes raw inputs to its one output, FP32 [n, F]. Classification puts out `label`,
 * BYTES or, if all classes are whole numbers, INT64 [n], and `probabilities` FP32 [n, classes];
 * regression `prediction` FP32 [n] in the units of the labels.
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
  const { outputs } = g.inline(network.graph, { ...parameters, features: prepared });
  for (const [name, answer] of Object.entries(answers[options.task].give(g, outputs!, options)))
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

interface Answers {
  readonly names: readonly string[];
  readonly give: (
    g: GraphBuilder,
    outputs: Value,
    options: ServingOptions,
  ) => Readonly<Record<string, Value>>;
}

const answers: { readonly [T in Task]: Answers } = {
  classification: {
    names: ["label", "probabilities"],
    give(g, outputs, { classes = [] }) {
      const scores = scoresOf(g, outputs);
      const width = countOf(scores);
      if (classes.length !== width)
        throw new DomainError(
          "invalid-argument",
          `found ${classes.length} class names, wanted ${width}, one for each score`,
        );
      const best = g.argMax(scores, 1, { keepdims: false });
      return {
        label: g.gather(classTensor(g, classes), best),
        probabilities: probabilities(g, scores),
      };
    },
  },

  regression: {
    names: ["prediction"],
    give(g, outputs, { labelScale: { mean, deviation } = unscaled }) {
      const standardised = g.squeeze(outputs, [1]);
      const scaled = g.mul(standardised, g.scalar(deviation, standardised));
      return { prediction: g.add(scaled, g.scalar(mean, standardised)) };
    },
  },
};

function classTensor(g: GraphBuilder, classes: readonly ClassName[]): Value {
  const numbers = classes.filter((name) => Number.isSafeInteger(name));
  const shape = [classes.length];
  return numbers.length === classes.length
    ? g.constant(tensor("INT64", shape, BigInt64Array.from(numbers, BigInt)))
    : g.constant(tensor("BYTES", shape, classes.map(String)));
}
