/** Lion (Chen et al. 2023, algorithm 2), with decoupled weight decay. */
import { decayOf } from "./decay.ts";
import type { LearningRate } from "./learning-rate.ts";
import { type Rule, steps } from "./rule.ts";
import type { SpecOf } from "./spec.ts";

export function lion(spec: SpecOf<"lion">, rate: LearningRate): Rule {
  const { beta1, beta2, weightDecay } = spec;
  return {
    ...steps,
    slots: ["m"],
    update: {
      formulas: [
        "w = keep * w - learningRate * sign(beta1 * m + rest1 * g)",
        "m = beta2 * m + rest2 * g",
      ],
      numbers({ step }) {
        const learningRate = rate(step - 1);
        const { keep } = decayOf({ weightDecay, decoupled: true }, learningRate);
        return { keep, learningRate, beta1, rest1: 1 - beta1, beta2, rest2: 1 - beta2 };
      },
    },
  };
}
