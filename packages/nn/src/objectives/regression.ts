/** Squared error of one number, learnt on standardised labels and told in the labels' own units. */
import type { Objective } from "./objective.ts";

export const regression: Objective = {
  labels: "FP32",
  measure(g, { outputs, labels }, { labelScale: { deviation } }) {
    const error = g.sub(outputs, labels);
    const loss = g.mul(error, error);
    return {
      loss,
      squared: g.mul(loss, g.scalar(deviation ** 2, loss)),
      absolute: g.mul(g.abs(error), g.scalar(deviation, loss)),
      target: labels,
      targetSquared: g.mul(labels, labels),
    };
  },
};
