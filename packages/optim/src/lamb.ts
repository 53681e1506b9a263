/**
 * LAMB (You and others 2020): the direction of Adam, in each tensor as long as the tensor itself:
 *
 *   g = gradient / samples
 *   m = beta1 m + (1 - beta1) g
 *   v = beta2 v + (1 - beta2) g^2
 *   d = m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + epsilon) + weightDecay w
 *   w = w - learningRate |w| / |d| d
 *
 * The paper's phi is the identity here. Where a length is 0, the ratio is 1.
 */
import type { LearningRate } from "./learning-rate.ts";
import { checkRange, type Optimizer, type ParameterRange } from "./optimizer.ts";
import type { SpecOf } from "./spec.ts";

type LambSpec = SpecOf<"lamb">;

const slots = 2;

export function lamb(spec: LambSpec, rate: LearningRate): Optimizer {
  const { beta1, beta2 } = spec;
  return {
    slots,
    scalars: () => ({ step: 0, powers: [1, 1] }),
    advance({ step, powers }) {
      return { step: step + 1, powers: [powers[0]! * beta1, powers[1]! * beta2] };
    },
    direct(range, samples, { powers }) {
      checkRange(range, slots, samples);
      direct(range, spec, 1 / samples, 1 / (1 - powers[0]!), 1 / Math.sqrt(1 - powers[1]!));
    },
    update({ weights, gradient: direction }, _samples, { step }, squares) {
      if (!squares) throw new Error("a step of lamb wants to know how long its tensor is");
      const ratio = Math.sqrt(squares.weights) / Math.sqrt(squares.direction);
      const known = squares.weights !== 0 && squares.direction !== 0;
      const stepSize = rate(step - 1) * (known ? ratio : 1);
      for (let i = 0; i < weights.length; i++) weights[i] = weights[i]! - stepSize * direction[i]!;
    },
  };
}

function direct(
  { weights, gradient, slots: [m, v] }: ParameterRange,
  { beta1, beta2, epsilon, weightDecay }: LambSpec,
  scale: number,
  correction1: number,
  correction2: number,
): void {
  const rest1 = 1 - beta1;
  const rest2 = 1 - beta2;
  for (let i = 0; i < weights.length; i++) {
    const g = gradient[i]! * scale;
    const first = beta1 * m![i]! + rest1 * g;
    const second = beta2 * v![i]! + rest2 * (g * g);
    m![i] = first;
    v![i] = second;
    const adam = (first * correction1) / (Math.sqrt(second) * correction2 + epsilon);
    gradient[i] = adam + weightDecay * weights[i]!;
  }
}
