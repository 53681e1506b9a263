/** The token that comes after the last of each row: the likeliest, and the probabilities of all. */
import type { GraphBuilder, Value } from "@amaas/graph";
import type { Answers } from "./answer.ts";
import { likeliest } from "./classification.ts";

export const languageModeling: Answers = {
  names: ["label", "probabilities"],
  give: (g, { seen, outputs }, { classes = [] }) =>
    likeliest(g, g.node("GatherND", [outputs, lastPlace(g, seen)], { batch_dims: 1 }), classes),
};

/**
 * Where the last token of each row is, INT64 [n, 1]. Rows that are shorter than others are filled up
 * with padding at their end, which no token before it sees.
 */
function lastPlace(g: GraphBuilder, ids: Value): Value {
  const isToken = g.cast(g.greater(ids, g.scalar(0, ids)), "INT64");
  const count = g.reduceSum(isToken, [1]);
  const one = g.scalar(1, count);
  return g.sub(g.node("Max", [count, one]), one);
}
