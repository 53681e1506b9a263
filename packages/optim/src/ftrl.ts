/**
 * FTRL-Proximal (McMahan et al. 2013, algorithm 1): per weight, with alpha the learning rate,
 *
 *   1 / eta(t) = (beta + sqrt(n)) / alpha, where n = n + g^2
 *   z = z + g - (1 / eta(t) - 1 / eta(t-1)) w
 *   w = 0 where |z| <= l1, else -(z - sign(z) l1) / (1 / eta(t) + l2)
 *
 * What is kept of n is its root, since a square is cheaper than a second root. sign(z) l1 - z is l1 - z or -l1 - z, so
 * that no sign has to be found: `nearest` is what is nearest to z between -l1 and l1.
 * The paper begins at w = 0, where the very first term of z is nothing. With 1 / eta(0) = 0 it stands
 * for weights that begin elsewhere: they are kept but for what the gradient and the penalties say.
 * The learning rate may change from step to step: `before` and `now` are 1 / alpha of the last step and of this one.
 */
import type { LearningRate } from "./learning-rate.ts";
import { type Rule, steps } from "./rule.ts";
import type { SpecOf } from "./spec.ts";

export function ftrl({ beta, l1, l2 }: SpecOf<"ftrl">, rate: LearningRate): Rule {
  return {
    ...steps,
    slots: ["z", "root"],
    update: {
      formulas: [
        "grown = sqrt(root * root + g * g)",
        "inverse = (beta + grown) * now",
        "z = z + g - (inverse - (beta + root) * before) * w",
        "root = grown",
        "nearest = l1 < z ? l1 : z",
        "nearest = nearest < -l1 ? -l1 : nearest",
        "w = abs(z) <= l1 ? 0 : (nearest - z) / (inverse + l2)",
      ],
      numbers({ step }) {
        const before = step > 1 ? 1 / rate(step - 2) : 0;
        return { beta, l1, l2, before, now: 1 / rate(step - 1) };
      },
    },
  };
}
