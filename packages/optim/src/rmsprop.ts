/**
 * RMSProp (Tieleman and Hinton 2012), centered (Graves 2013) and with momentum, as PyTorch has it:
 *
 *   s = alpha s + (1 - alpha) g^2
 *   a = alpha a + (1 - alpha) g              (centered only, else a = 0)
 *   b = momentum b + g / (sqrt(s - a^2) + epsilon)
 *   w = w - learningRate b
 */
import { type Decay, decayOf } from "./decay.ts";
import type { LearningRate } from "./learning-rate.ts";
import { checkRange, type Optimizer, type ParameterRange } from "./optimizer.ts";
import type { SpecOf } from "./spec.ts";

type RmspropSpec = SpecOf<"rmsprop">;

interface Coefficients extends Decay {
  readonly scale: number;
  readonly learningRate: number;
}

/** Stands for a vector that is not kept, so that the loop sees one kind of value. */
const none = new Float32Array(0);

export function rmsprop(spec: RmspropSpec, rate: LearningRate): Optimizer {
  const slots = 1 + (spec.centered ? 1 : 0) + (spec.momentum > 0 ? 1 : 0);
  return {
    slots,
    scalars: () => ({ step: 0, powers: [] }),
    advance: ({ step }) => ({ step: step + 1, powers: [] }),
    update(range, samples, { step }) {
      checkRange(range, slots, samples);
      const learningRate = rate(step - 1);
      const coefficients = { ...decayOf(spec, learningRate), scale: 1 / samples, learningRate };
      const squares = range.slots[0]!;
      const means = spec.centered ? range.slots[1]! : none;
      const velocity = spec.momentum > 0 ? range.slots[slots - 1]! : none;
      descend(range, squares, means, velocity, spec, coefficients);
    },
  };
}

function descend(
  { weights, gradient }: ParameterRange,
  squares: Float32Array,
  means: Float32Array,
  velocity: Float32Array,
  { alpha, epsilon, momentum, centered }: RmspropSpec,
  { scale, learningRate, intoGradient, keep }: Coefficients,
): void {
  const rest = 1 - alpha;
  const moving = momentum > 0;
  for (let i = 0; i < weights.length; i++) {
    const w = weights[i]!;
    const g = gradient[i]! * scale + intoGradient * w;
    const square = alpha * squares[i]! + rest * (g * g);
    squares[i] = square;
    let variance = square;
    if (centered) {
      const mean = alpha * means[i]! + rest * g;
      means[i] = mean;
      // Rounding can make it a little less than nothing where gradients are all alike.
      variance = Math.max(square - mean * mean, 0);
    }
    let direction = g / (Math.sqrt(variance) + epsilon);
    if (moving) {
      direction += momentum * velocity[i]!;
      velocity[i] = direction;
    }
    weights[i] = keep * w - learningRate * direction;
  }
}
