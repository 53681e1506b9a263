/**
 * NAdam (Dozat 2016), as PyTorch has it:
 *
 *   mu(t) = beta1 (1 - 0.96^(momentumDecay t) / 2)
 *   m = beta1 m + (1 - beta1) g
 *   v = beta2 v + (1 - beta2) g^2
 *   w = w - learningRate (  (1 - mu(t)) / (1 - mu(1) … mu(t)) g
 *                         + mu(t+1) / (1 - mu(1) … mu(t+1)) m ) / (sqrt(v) / sqrt(1 - beta2^t) + epsilon)
 */
import { type Decay, decayOf } from "./decay.ts";
import { power } from "./elementary.ts";
import type { LearningRate } from "./learning-rate.ts";
import { checkRange, type Optimizer, type ParameterRange } from "./optimizer.ts";
import type { SpecOf } from "./spec.ts";

interface Coefficients extends Decay {
  readonly scale: number;
  /** Step sizes along the gradient and along its mean. */
  readonly ofGradient: number;
  readonly ofMean: number;
  readonly correction: number;
}

export function nadam(spec: SpecOf<"nadam">, rate: LearningRate): Optimizer {
  const { beta1, beta2 } = spec;
  const shrink = power(0.96, spec.momentumDecay);
  const muOf = (shrunk: number) => beta1 * (1 - 0.5 * shrunk);
  return {
    slots: 2,
    // Of beta2, of what momentum still lacks, and the product of all mu.
    scalars: () => ({ step: 0, powers: [1, 1, 1] }),
    advance({ step, powers: [power2, shrunk, product] }) {
      const next = shrunk! * shrink;
      return { step: step + 1, powers: [power2! * beta2, next, product! * muOf(next)] };
    },
    update(range, samples, { step, powers: [power2, shrunk, product] }) {
      checkRange(range, 2, samples);
      const learningRate = rate(step - 1);
      const next = muOf(shrunk! * shrink);
      const [m, v] = range.slots;
      descend(range, m!, v!, spec, {
        ...decayOf(spec, learningRate),
        scale: 1 / samples,
        ofGradient: (learningRate * (1 - muOf(shrunk!))) / (1 - product!),
        ofMean: (learningRate * next) / (1 - product! * next),
        correction: 1 / Math.sqrt(1 - power2!),
      });
    },
  };
}

function descend(
  { weights, gradient }: ParameterRange,
  m: Float32Array,
  v: Float32Array,
  { beta1, beta2, epsilon }: SpecOf<"nadam">,
  { scale, ofGradient, ofMean, correction, intoGradient, keep }: Coefficients,
): void {
  const rest1 = 1 - beta1;
  const rest2 = 1 - beta2;
  for (let i = 0; i < weights.length; i++) {
    const w = weights[i]!;
    const g = gradient[i]! * scale + intoGradient * w;
    const first = beta1 * m[i]! + rest1 * g;
    const second = beta2 * v[i]! + rest2 * (g * g);
    m[i] = first;
    v[i] = second;
    const size = Math.sqrt(second) * correction + epsilon;
    weights[i] = keep * w - (ofGradient * g + ofMean * first) / size;
  }
}
