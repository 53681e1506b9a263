/** One number, learnt on standardised labels and told in the labels' own units. */
import type { GraphBuilder, Value } from "@amaas/graph";
import { pinball } from "../losses/errors.ts";
import { errorLoss } from "../losses/index.ts";
import type { LabelScale, Objective } from "./objective.ts";

/** Labels nearer to 0 than this share of the deviation count as that far: float32 tells no more. */
const nearZero = 1e-6;
const leastFloat = 2 ** -126;

export const regression: Objective<"regression"> = {
  labels: "FP32",

  loss(g, { outputs, labels }, { loss }) {
    return errorLoss(g, g.sub(labels, outputs), loss.type, loss);
  },

  columns(g, { outputs, labels }, { quantile }, { labelScale }) {
    const { deviation } = labelScale;
    const error = g.sub(labels, outputs);
    const errorSquared = g.mul(error, error);
    const absolute = g.mul(g.abs(error), g.scalar(deviation, error));
    return {
      squared: g.mul(errorSquared, g.scalar(deviation ** 2, errorSquared)),
      absolute,
      relative: g.div(absolute, magnitude(g, labels, labelScale)),
      ...(quantile !== undefined && {
        pinball: g.mul(pinball(g, error, quantile), g.scalar(deviation, error)),
      }),
      error,
      errorSquared,
      target: labels,
      targetSquared: g.mul(labels, labels),
    };
  },
};

/** How far labels are from 0, in their own units. */
function magnitude(g: GraphBuilder, labels: Value, { mean, deviation }: LabelScale): Value {
  const own = g.add(g.mul(labels, g.scalar(deviation, labels)), g.scalar(mean, labels));
  const least = Math.max(nearZero * deviation, leastFloat);
  return g.node("Max", [g.abs(own), g.scalar(least, own)]);
}
