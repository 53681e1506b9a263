/** A sample again, value by value: each has a loss of its own, and that of a sample is their mean. */
import type { GraphBuilder, Value } from "@amaas/graph";
import type { LossSpec } from "@amaas/spec";
import { sigmoidCrossEntropy } from "../losses/each.ts";
import { errorLoss } from "../losses/index.ts";
import type { Objective } from "./objective.ts";

/** Errors below this mean square count as it, 100 dB: of none at all there would be no logarithm. */
const leastNoise = 1e-10;

export const reconstruction: Objective<"reconstruction"> = {
  labels: undefined,

  own: { unseen: 0, divide: (_, features) => ({ seen: features, labels: features }) },

  loss(g, { outputs, labels }, { loss }) {
    const each =
      loss.type === "sigmoid-cross-entropy"
        ? sigmoidCrossEntropy(g, outputs, labels)
        : errorLoss(g, g.sub(labels, outputs), loss.type, loss);
    return g.reduceMean(each, [1]);
  },

  columns(g, { outputs, labels }, { images }, { loss }) {
    const error = g.sub(labels, reconstructed(g, outputs, loss.type));
    const squared = g.reduceMean(g.mul(error, error), [1]);
    return {
      squared,
      absolute: g.reduceMean(g.abs(error), [1]),
      ...(images && { psnr: signalToNoise(g, squared) }),
    };
  },
};

/** What the network's outputs say of the values. */
export function reconstructed(
  g: GraphBuilder,
  outputs: Value,
  loss: LossSpec["type"] | undefined,
): Value {
  return loss === "sigmoid-cross-entropy" ? g.sigmoid(outputs) : outputs;
}

/** Of values whose largest magnitude is 1, as those of images are: 10 log10(1 / mse), in decibels. */
function signalToNoise(g: GraphBuilder, squared: Value): Value {
  const noise = g.node("Max", [squared, g.scalar(leastNoise, squared)]);
  return g.mul(g.log(noise), g.scalar(-10 / Math.LN10, noise));
}
