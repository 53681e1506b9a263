/** Softmax cross-entropy, with the index of the right class as label. */
import type { GraphBuilder, Value } from "@amaas/graph";
import type { Objective } from "./objective.ts";

export const classification: Objective = {
  labels: "INT32",
  measure(g, { outputs, labels }, { detach }) {
    const { shifted, sum } = exponentials(g, outputs, detach);
    const best = g.argMax(outputs, 1);
    return {
      // -log of the label's probability
      loss: g.sub(g.log(sum), g.gatherElements(shifted, labels, 1)),
      correct: g.cast(g.equal(best, g.cast(labels, "INT64")), "FP32"),
    };
  },
};

/** Probabilities of the classes, row by row. */
export function probabilities(g: GraphBuilder, outputs: Value): Value {
  const { each, sum } = exponentials(g, outputs, (value) => value);
  return g.div(each, sum);
}

/**
 * The exponentials of each row, and their sum. The row's largest is taken off first, so that none
 * overflows. Probabilities and loss are the same whatever is taken off, so no gradient needs to go
 * that way. onnxruntime's Softmax does the same, but with other bits on other processors.
 */
function exponentials(g: GraphBuilder, z: Value, detach: (value: Value) => Value) {
  const shifted = g.sub(z, detach(g.reduceMax(z, [1])));
  const each = g.exp(shifted);
  return { shifted, each, sum: g.reduceSum(each, [1]) };
}
