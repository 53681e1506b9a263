/**
 * FTRL-Proximal (McMahan et al. 2013, algorithm 1): per weight, with alpha the learning rate,
 *
 *   1 / eta(t) = (beta + sqrt(n)) / alpha, where n = n + g^2
 *   z = z + g - (1 / eta(t) - 1 / eta(t-1)) w
 *   w = 0 where |z| <= l1, else -(z - sign(z) l1) / (1 / eta(t) + l2)
 *
 * What is kept of n is its root, since a square is cheaper than a second root.
 * The paper begins at w = 0, where the very first term of z is nothing. With 1 / eta(0) = 0 it stands
 * for weights that begin elsewhere: they are kept but for what the gradient and the penalties say.
 * The learning rate may change from step to step.
 */
import type { LearningRate } from "./learning-rate.ts";
import { checkRange, type Optimizer, type ParameterRange } from "./optimizer.ts";
import type { SpecOf } from "./spec.ts";

export function ftrl(spec: SpecOf<"ftrl">, rate: LearningRate): Optimizer {
  return {
    slots: 2,
    scalars: () => ({ step: 0, powers: [] }),
    advance: ({ step }) => ({ step: step + 1, powers: [] }),
    update(range, samples, { step }) {
      checkRange(range, 2, samples);
      const [z, root] = range.slots;
      const before = step > 1 ? 1 / rate(step - 2) : 0;
      descend(range, z!, root!, 1 / samples, before, 1 / rate(step - 1), spec);
    },
  };
}

function descend(
  { weights, gradient }: ParameterRange,
  z: Float32Array,
  root: Float32Array,
  scale: number,
  before: number,
  now: number,
  { beta, l1, l2 }: SpecOf<"ftrl">,
): void {
  for (let i = 0; i < weights.length; i++) {
    const g = gradient[i]! * scale;
    const old = root[i]!;
    const grown = Math.sqrt(old * old + g * g);
    const inverse = (beta + grown) * now;
    const sum = z[i]! + g - (inverse - (beta + old) * before) * weights[i]!;
    root[i] = grown;
    z[i] = sum;
    const beyond = Math.abs(sum) - l1;
    weights[i] = beyond <= 0 ? 0 : (-Math.sign(sum) * beyond) / (inverse + l2);
  }
}
