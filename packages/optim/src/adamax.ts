/** Adamax (Kingma and Ba 2015, section 7.1), as PyTorch has it; stepSize is learningRate / (1 - beta1^t). */
import { decayOf, withDecay } from "./decay.ts";
import type { LearningRate } from "./learning-rate.ts";
import type { Rule } from "./rule.ts";
import type { SpecOf } from "./spec.ts";

export function adamax(spec: SpecOf<"adamax">, rate: LearningRate): Rule {
  const { beta1, beta2, epsilon } = spec;
  return {
    slots: ["m", "u"],
    scalars: () => ({ step: 0, powers: [1] }),
    advance: ({ step, powers }) => ({ step: step + 1, powers: [powers[0]! * beta1] }),
    update: {
      formulas: [
        withDecay,
        "m = beta1 * m + rest1 * g",
        "faded = beta2 * u",
        "size = abs(g) + epsilon",
        "u = size <= faded ? faded : size",
        "w = keep * w - (stepSize * m) / u",
      ],
      numbers({ step, powers }) {
        const learningRate = rate(step - 1);
        const stepSize = learningRate / (1 - powers[0]!);
        return {
          ...decayOf(spec, learningRate),
          beta1,
          rest1: 1 - beta1,
          beta2,
          epsilon,
          stepSize,
        };
      },
    },
  };
}
