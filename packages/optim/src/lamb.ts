/**
 * LAMB (You and others 2020): the direction of Adam, in each tensor as long as the tensor itself:
 *
 *   d = m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + epsilon) + weightDecay w
 *   w = w - learningRate |w| / |d| d
 *
 * The paper's phi is the identity here. Where a length is 0, the ratio is 1.
 */
import type { LearningRate } from "./learning-rate.ts";
import type { Rule } from "./rule.ts";
import type { SpecOf } from "./spec.ts";

export function lamb(spec: SpecOf<"lamb">, rate: LearningRate): Rule {
  const { beta1, beta2, epsilon, weightDecay } = spec;
  return {
    slots: ["m", "v"],
    scalars: () => ({ step: 0, powers: [1, 1] }),
    advance({ step, powers }) {
      return { step: step + 1, powers: [powers[0]! * beta1, powers[1]! * beta2] };
    },
    direct: {
      formulas: [
        "m = beta1 * m + rest1 * g",
        "v = beta2 * v + rest2 * (g * g)",
        "adam = (m * correction1) / (sqrt(v) * correction2 + epsilon)",
        "gradient = adam + weightDecay * w",
      ],
      numbers: ({ powers }) => ({
        beta1,
        rest1: 1 - beta1,
        beta2,
        rest2: 1 - beta2,
        epsilon,
        weightDecay,
        correction1: 1 / (1 - powers[0]!),
        correction2: 1 / Math.sqrt(1 - powers[1]!),
      }),
    },
    update: {
      formulas: ["w = w - stepSize * gradient"],
      numbers({ step }, squares) {
        if (!squares) throw new Error("a step of lamb wants to know how long its tensor is");
        const ratio = Math.sqrt(squares.weights) / Math.sqrt(squares.direction);
        const known = squares.weights !== 0 && squares.direction !== 0;
        return { stepSize: rate(step - 1) * (known ? ratio : 1) };
      },
    },
  };
}
