/** Losses of one value each, where a sample has many. */
import type { GraphBuilder, Value } from "@amaas/graph";

/**
 * Cross-entropy of sigmoid(z) and targets t from 0 to 1, -t log(s(z)) - (1 - t) log(1 - s(z)), as
 * max(z, 0) - z t + log(1 + exp(-|z|)), which overflows nowhere.
 */
export function sigmoidCrossEntropy(g: GraphBuilder, outputs: Value, targets: Value): Value {
  const tail = g.node("Softplus", [g.neg(g.abs(outputs))]);
  return g.add(g.sub(g.relu(outputs), g.mul(outputs, targets)), tail);
}
