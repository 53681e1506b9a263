/**
 * Adagrad (Duchi, Hazan and Singer 2011), as PyTorch has it:
 *
 *   s = s + g^2
 *   w = w - learningRate g / (sqrt(s) + epsilon)
 */
import { type Decay, decayOf } from "./decay.ts";
import type { LearningRate } from "./learning-rate.ts";
import { checkRange, type Optimizer, type ParameterRange } from "./optimizer.ts";
import type { SpecOf } from "./spec.ts";

interface Coefficients extends Decay {
  readonly scale: number;
  readonly learningRate: number;
}

export function adagrad(spec: SpecOf<"adagrad">, rate: LearningRate): Optimizer {
  return {
    slots: 1,
    scalars: () => ({ step: 0, powers: [] }),
    advance: ({ step }) => ({ step: step + 1, powers: [] }),
    update(range, samples, { step }) {
      checkRange(range, 1, samples);
      const learningRate = rate(step - 1);
      const coefficients = { ...decayOf(spec, learningRate), scale: 1 / samples, learningRate };
      descend(range, range.slots[0]!, spec, coefficients);
    },
  };
}

function descend(
  { weights, gradient }: ParameterRange,
  squares: Float32Array,
  { epsilon }: SpecOf<"adagrad">,
  { scale, learningRate, intoGradient, keep }: Coefficients,
): void {
  for (let i = 0; i < weights.length; i++) {
    const w = weights[i]!;
    const g = gradient[i]! * scale + intoGradient * w;
    const sum = squares[i]! + g * g;
    squares[i] = sum;
    weights[i] = keep * w - (learningRate * g) / (Math.sqrt(sum) + epsilon);
  }
}
