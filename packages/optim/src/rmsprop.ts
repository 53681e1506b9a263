/** RMSProp (Tieleman and Hinton 2012), centered (Graves 2013) and with momentum, as PyTorch has it. */
import { decayOf, withDecay } from "./decay.ts";
import type { LearningRate } from "./learning-rate.ts";
import { type Rule, steps } from "./rule.ts";
import type { SpecOf } from "./spec.ts";

export function rmsprop(spec: SpecOf<"rmsprop">, rate: LearningRate): Rule {
  const { alpha, epsilon, momentum, centered } = spec;
  const moving = momentum > 0;
  const variance = [
    "mean = alpha * mean + rest * g",
    "variance = square - mean * mean",
    // Rounding can make it a little less than nothing where gradients are all alike.
    "variance = variance < 0 ? 0 : variance",
  ];
  return {
    ...steps,
    slots: ["square", ...(centered ? ["mean"] : []), ...(moving ? ["velocity"] : [])],
    update: {
      formulas: [
        withDecay,
        "square = alpha * square + rest * (g * g)",
        ...(centered ? variance : ["variance = square"]),
        "direction = g / (sqrt(variance) + epsilon)",
        ...(moving ? ["velocity = direction + momentum * velocity"] : []),
        `w = keep * w - learningRate * ${moving ? "velocity" : "direction"}`,
      ],
      numbers({ step }) {
        const learningRate = rate(step - 1);
        return {
          ...decayOf(spec, learningRate),
          alpha,
          rest: 1 - alpha,
          epsilon,
          momentum,
          learningRate,
        };
      },
    },
  };
}
