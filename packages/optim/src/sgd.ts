/**
 * Stochastic gradient descent, with PyTorch's momentum, Nesterov momentum and weight decay:
 *
 *   g = gradient / samples + weightDecay w
 *   b = momentum b + g                       (from b = 0, so the first b is g)
 *   w = w - learningRate (nesterov ? g + momentum b : b)
 */
import { type Decay, decayOf } from "./decay.ts";
import type { LearningRate } from "./learning-rate.ts";
import { checkRange, type Optimizer, type ParameterRange } from "./optimizer.ts";
import type { SpecOf } from "./spec.ts";

interface Coefficients extends Decay {
  readonly scale: number;
  readonly learningRate: number;
}

export function sgd(spec: SpecOf<"sgd">, rate: LearningRate): Optimizer {
  const slots = spec.momentum === 0 ? 0 : 1;
  return {
    slots,
    scalars: () => ({ step: 0, powers: [] }),
    advance: ({ step }) => ({ step: step + 1, powers: [] }),
    update(range, samples, { step }) {
      checkRange(range, slots, samples);
      const learningRate = rate(step - 1);
      const coefficients = { ...decayOf(spec, learningRate), scale: 1 / samples, learningRate };
      const [velocity] = range.slots;
      if (velocity === undefined) descend(range, coefficients);
      else descendWithMomentum(range, velocity, spec, coefficients);
    },
  };
}

function descend(
  { weights, gradient }: ParameterRange,
  { scale, learningRate, intoGradient, keep }: Coefficients,
): void {
  for (let i = 0; i < weights.length; i++) {
    const w = weights[i]!;
    weights[i] = keep * w - learningRate * (gradient[i]! * scale + intoGradient * w);
  }
}

function descendWithMomentum(
  { weights, gradient }: ParameterRange,
  velocity: Float32Array,
  { momentum, nesterov }: SpecOf<"sgd">,
  { scale, learningRate, intoGradient, keep }: Coefficients,
): void {
  // The direction is ofGradient g + ofVelocity b, so that both kinds share one loop.
  const ofGradient = nesterov ? 1 : 0;
  const ofVelocity = nesterov ? momentum : 1;
  for (let i = 0; i < weights.length; i++) {
    const w = weights[i]!;
    const g = gradient[i]! * scale + intoGradient * w;
    const b = momentum * velocity[i]! + g;
    velocity[i] = b;
    weights[i] = keep * w - learningRate * (ofGradient * g + ofVelocity * b);
  }
}
