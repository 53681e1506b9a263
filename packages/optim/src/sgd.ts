/**
 * Stochastic gradient descent, with PyTorch's momentum, Nesterov momentum and weight decay:
 *
 *   g = gradient / samples + weightDecay w
 *   b = momentum b + g                       (from b = 0, so the first b is g)
 *   w = w - learningRate (nesterov ? g + momentum b : b)
 */
import { checkRange, type Optimizer, type ParameterRange } from "./optimizer.ts";
import type { SpecOf } from "./spec.ts";

export function sgd(spec: SpecOf<"sgd">): Optimizer {
  const slots = spec.momentum === 0 ? 0 : 1;
  return {
    slots,
    scalars: () => ({ step: 0, powers: [] }),
    advance: ({ step }) => ({ step: step + 1, powers: [] }),
    update(range, samples) {
      checkRange(range, slots, samples);
      const [velocity] = range.slots;
      if (velocity === undefined) descend(range, 1 / samples, spec);
      else descendWithMomentum(range, velocity, 1 / samples, spec);
    },
  };
}

function descend(range: ParameterRange, scale: number, spec: SpecOf<"sgd">): void {
  const { weights, gradient } = range;
  const { learningRate, weightDecay } = spec;
  for (let i = 0; i < weights.length; i++) {
    const w = weights[i]!;
    weights[i] = w - learningRate * (gradient[i]! * scale + weightDecay * w);
  }
}

function descendWithMomentum(
  range: ParameterRange,
  velocity: Float32Array,
  scale: number,
  spec: SpecOf<"sgd">,
): void {
  const { weights, gradient } = range;
  const { learningRate, weightDecay, momentum } = spec;
  // The direction is ofGradient g + ofVelocity b, so that both kinds share one loop.
  const ofGradient = spec.nesterov ? 1 : 0;
  const ofVelocity = spec.nesterov ? momentum : 1;
  for (let i = 0; i < weights.length; i++) {
    const w = weights[i]!;
    const g = gradient[i]! * scale + weightDecay * w;
    const b = momentum * velocity[i]! + g;
    velocity[i] = b;
    weights[i] = w - learningRate * (ofGradient * g + ofVelocity * b);
  }
}
