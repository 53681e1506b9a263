/**
 * Lion (Chen et al. 2023, algorithm 2):
 *
 *   w = w - learningRate (sign(beta1 m + (1 - beta1) g) + weightDecay w)
 *   m = beta2 m + (1 - beta2) g
 */
import type { LearningRate } from "./learning-rate.ts";
import { checkRange, type Optimizer, type ParameterRange } from "./optimizer.ts";
import type { SpecOf } from "./spec.ts";

export function lion(spec: SpecOf<"lion">, rate: LearningRate): Optimizer {
  return {
    slots: 1,
    scalars: () => ({ step: 0, powers: [] }),
    advance: ({ step }) => ({ step: step + 1, powers: [] }),
    update(range, samples, { step }) {
      checkRange(range, 1, samples);
      descend(range, range.slots[0]!, 1 / samples, rate(step - 1), spec);
    },
  };
}

function descend(
  { weights, gradient }: ParameterRange,
  m: Float32Array,
  scale: number,
  learningRate: number,
  { beta1, beta2, weightDecay }: SpecOf<"lion">,
): void {
  const rest1 = 1 - beta1;
  const rest2 = 1 - beta2;
  const keep = 1 - learningRate * weightDecay;
  for (let i = 0; i < weights.length; i++) {
    const g = gradient[i]! * scale;
    const mean = m[i]!;
    m[i] = beta2 * mean + rest2 * g;
    weights[i] = keep * weights[i]! - learningRate * Math.sign(beta1 * mean + rest1 * g);
  }
}
