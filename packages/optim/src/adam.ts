/**
 * Adam and AdamW with PyTorch's bias correction: stepSize is learningRate / (1 - beta1^t), correction
 * 1 / sqrt(1 - beta2^t).
 *
 * They differ only in where the weight decay enters: through the gradient and its moments in Adam, straight into the
 * weights in AdamW. With amsgrad (Reddi, Kale and Kumar 2018) the largest v so far takes v's place in the end.
 */
import { decayOf, withDecay } from "./decay.ts";
import type { LearningRate } from "./learning-rate.ts";
import type { Rule } from "./rule.ts";
import type { SpecOf } from "./spec.ts";

export function adam(spec: SpecOf<"adam"> | SpecOf<"adamw">, rate: LearningRate): Rule {
  const { beta1, beta2, epsilon, weightDecay, amsgrad } = spec;
  const decoupled = spec.type === "adamw";
  const root = amsgrad ? "largest" : "v";
  return {
    slots: amsgrad ? ["m", "v", "largest"] : ["m", "v"],
    scalars: () => ({ step: 0, powers: [1, 1] }),
    advance({ step, powers }) {
      return { step: step + 1, powers: [powers[0]! * beta1, powers[1]! * beta2] };
    },
    update: {
      formulas: [
        withDecay,
        "m = beta1 * m + rest1 * g",
        "v = beta2 * v + rest2 * (g * g)",
        ...(amsgrad ? ["largest = v <= largest ? largest : v"] : []),
        `w = keep * w - (stepSize * m) / (sqrt(${root}) * correction + epsilon)`,
      ],
      numbers({ step, powers }) {
        const learningRate = rate(step - 1);
        return {
          ...decayOf({ weightDecay, decoupled }, learningRate),
          beta1,
          rest1: 1 - beta1,
          beta2,
          rest2: 1 - beta2,
          epsilon,
          stepSize: learningRate / (1 - powers[0]!),
          correction: 1 / Math.sqrt(1 - powers[1]!),
        };
      },
    },
  };
}
