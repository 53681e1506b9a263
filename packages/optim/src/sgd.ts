/**
 * Stochastic gradient descent, with PyTorch's momentum (from b = 0, so that the first b is g), Nesterov's momentum
 * and weight decay.
 */
import { decayOf, withDecay } from "./decay.ts";
import type { LearningRate } from "./learning-rate.ts";
import { type Rule, steps } from "./rule.ts";
import type { SpecOf } from "./spec.ts";

export function sgd(spec: SpecOf<"sgd">, rate: LearningRate): Rule {
  const { momentum, nesterov } = spec;
  // Both kinds of momentum have one formula.
  const [ofGradient, ofVelocity] = nesterov ? [1, momentum] : [0, 1];
  const descent =
    momentum === 0
      ? ["w = keep * w - learningRate * g"]
      : ["b = momentum * b + g", "w = keep * w - learningRate * (ofGradient * g + ofVelocity * b)"];
  return {
    ...steps,
    slots: momentum === 0 ? [] : ["b"],
    update: {
      formulas: [withDecay, ...descent],
      numbers({ step }) {
        const learningRate = rate(step - 1);
        return { ...decayOf(spec, learningRate), learningRate, momentum, ofGradient, ofVelocity };
      },
    },
  };
}
