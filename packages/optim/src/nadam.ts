/**
 * NAdam (Dozat 2016), as PyTorch has it:
 *
 *   mu(t) = beta1 (1 - 0.96^(momentumDecay t) / 2)
 *   ofGradient = learningRate (1 - mu(t)) / (1 - mu(1) … mu(t))
 *   ofMean = learningRate mu(t+1) / (1 - mu(1) … mu(t+1))
 *   correction = 1 / sqrt(1 - beta2^t)
 */
import { decayOf, withDecay } from "./decay.ts";
import { power } from "./elementary.ts";
import type { LearningRate } from "./learning-rate.ts";
import type { Rule } from "./rule.ts";
import type { SpecOf } from "./spec.ts";

export function nadam(spec: SpecOf<"nadam">, rate: LearningRate): Rule {
  const { beta1, beta2, epsilon } = spec;
  const shrink = power(0.96, spec.momentumDecay);
  const muOf = (shrunk: number) => beta1 * (1 - 0.5 * shrunk);
  return {
    slots: ["m", "v"],
    // Of beta2, of what momentum still lacks, and the product of all mu.
    scalars: () => ({ step: 0, powers: [1, 1, 1] }),
    advance({ step, powers: [power2, shrunk, product] }) {
      const next = shrunk! * shrink;
      return { step: step + 1, powers: [power2! * beta2, next, product! * muOf(next)] };
    },
    update: {
      formulas: [
        withDecay,
        "m = beta1 * m + rest1 * g",
        "v = beta2 * v + rest2 * (g * g)",
        "w = keep * w - (ofGradient * g + ofMean * m) / (sqrt(v) * correction + epsilon)",
      ],
      numbers({ step, powers: [power2, shrunk, product] }) {
        const learningRate = rate(step - 1);
        const next = muOf(shrunk! * shrink);
        return {
          ...decayOf(spec, learningRate),
          beta1,
          rest1: 1 - beta1,
          beta2,
          rest2: 1 - beta2,
          epsilon,
          ofGradient: (learningRate * (1 - muOf(shrunk!))) / (1 - product!),
          ofMean: (learningRate * next) / (1 - product! * next),
          correction: 1 / Math.sqrt(1 - power2!),
        };
      },
    },
  };
}
