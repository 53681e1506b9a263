/** The likeliest class by its name, and the probabilities of all. */
import { DomainError } from "@amaas/errors";
import type { GraphBuilder, Value } from "@amaas/graph";
import { tensor } from "@amaas/tensor";
import { countOf, probabilities, scoresOf } from "../classes.ts";
import type { ClassName } from "../serving.ts";
import type { Answers } from "./answer.ts";

export const classification: Answers = {
  names: ["label", "probabilities"],
  give: (g, { outputs }, { classes = [] }) => likeliest(g, scoresOf(g, outputs), classes),
};

/** Of scores FP32 [n, classes]. */
export function likeliest(g: GraphBuilder, scores: Value, classes: readonly ClassName[]) {
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
}

function classTensor(g: GraphBuilder, classes: readonly ClassName[]): Value {
  const numbers = classes.filter((name) => Number.isSafeInteger(name));
  const shape = [classes.length];
  return numbers.length === classes.length
    ? g.constant(tensor("INT64", shape, BigInt64Array.from(numbers, BigInt)))
    : g.constant(tensor("BYTES", shape, classes.map(String)));
}
