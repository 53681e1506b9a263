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

/** What the network sees of features: of tokens that are more than it can, the last. */
export function seenBy(g: GraphBuilder, { context }: Network, features: Value): Value {
  if (context === undefined) return features;
  return g.node("Slice", [features, g.ints([-context]), g.ints([end]), g.ints([1])]);
}
