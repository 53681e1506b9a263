/**
 * Adamax (Kingma and Ba 2015, section 7.1), as PyTorch has it:
 *
 *   m = beta1 m + (1 - beta1) g
 *   u = max(beta2 u, |g| + epsilon)
 *   w = w - learningRate / (1 - beta1^t) m / u
 */
import { type Decay, decayOf } from "./decay.ts";
import type { LearningRate } from "./learning-rate.ts";
import { checkRange, type Optimizer, type ParameterRange } from "./optimizer.ts";
import type { SpecOf } from "./spec.ts";

interface Coefficients extends Decay {
  readonly scale: number;
  readonly stepSize: number;
}

export function adamax(spec: SpecOf<"adamax">, rate: LearningRate): Optimizer {
  return {
    slots: 2,
    scalars: () => ({ step: 0, powers: [1] }),
    advance: ({ step, powers }) => ({ step: step + 1, powers: [powers[0]! * spec.beta1] }),
    update(range, samples, { step, powers }) {
      checkRange(range, 2, samples);
      const learningRate = rate(step - 1);
      const stepSize = learningRate / (1 - powers[0]!);
      const coefficients = { ...decayOf(spec, learningRate), scale: 1 / samples, stepSize };
      const [m, u] = range.slots;
      descend(range, m!, u!, spec, coefficients);
    },
  };
}

function descend(
  { weights, gradient }: ParameterRange,
  m: Float32Array,
  u: Float32Array,
  { beta1, beta2, epsilon }: SpecOf<"adamax">,
  { scale, stepSize, intoGradient, keep }: Coefficients,
): void {
  const rest1 = 1 - beta1;
  for (let i = 0; i < weights.length; i++) {
    const w = weights[i]!;
    const g = gradient[i]! * scale + intoGradient * w;
    const first = beta1 * m[i]! + rest1 * g;
    const largest = Math.max(beta2 * u[i]!, Math.abs(g) + epsilon);
    m[i] = first;
    u[i] = largest;
    weights[i] = keep * w - (stepSize * first) / largest;
  }
}
