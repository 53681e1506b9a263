/** Adagrad (Duchi, Hazan and Singer 2011), as PyTorch has it. */
import { decayOf, withDecay } from "./decay.ts";
import type { LearningRate } from "./learning-rate.ts";
import { type Rule, steps } from "./rule.ts";
import type { SpecOf } from "./spec.ts";

export function adagrad(spec: SpecOf<"adagrad">, rate: LearningRate): Rule {
  const { epsilon } = spec;
  return {
    ...steps,
    slots: ["s"],
    update: {
      formulas: [
        withDecay,
        "s = s + g * g",
        "w = keep * w - (learningRate * g) / (sqrt(s) + epsilon)",
      ],
      numbers({ step }) {
        const learningRate = rate(step - 1);
        return { ...decayOf(spec, learningRate), learningRate, epsilon };
      },
    },
  };
}
