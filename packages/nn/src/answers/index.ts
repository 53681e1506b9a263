/** What each task answers with: a new one is a file beside this and a line here. */
import type { GraphBuilder, Value } from "@amaas/graph";
import type { Task } from "@amaas/spec";
import type { Network } from "../network.ts";
import { unscaled } from "../objectives/objective.ts";
import type { Answers } from "./answer.ts";
import { classification } from "./classification.ts";
import { embedding } from "./embedding.ts";
import { languageModeling } from "./language-modeling.ts";
import { reconstruction } from "./reconstruction.ts";

const regression: Answers = {
  names: ["prediction"],
  give(g, { outputs }, { labelScale: { mean, deviation } = unscaled }) {
    const standardised = g.squeeze(outputs, [1]);
    const scaled = g.mul(standardised, g.scalar(deviation, standardised));
    return { prediction: g.add(scaled, g.scalar(mean, standardised)) };
  },
};

export const answers: { readonly [T in Task]: Answers } = {
  classification,
  regression,
  embedding,
  reconstruction,
  "language-modeling": languageModeling,
};

/** The largest number that an end of a slice can be. */
const end = Number.MAX_SAFE_INTEGER;

/**
 * What the network sees of features: of tokens that are more than it can, the last. A language model that takes only so
 * many tokens sees a row that is shorter with padding behind it, as it does in training.
 */
export function seenBy(
  g: GraphBuilder,
  { context, graph }: Network,
  features: Value,
  task: Task,
): Value {
  const columns = (of: Value, from: number, to: number) =>
    g.node("Slice", [of, g.ints([from]), g.ints([to]), g.ints([1])]);
  if (context !== undefined) return columns(features, -context, end);
  const width = graph.inputs.find(({ name }) => name === "features")?.shape[1];
  if (task !== "language-modeling" || typeof width !== "number") return features;
  const rows = g.shape(features, 0, 1);
  const padding = g.expand(g.scalar(0, features), g.concat([rows, g.ints([width])], 0));
  return columns(g.concat([columns(features, -width, end), padding], 1), 0, width);
}
