/**
 * Adam and AdamW with PyTorch's bias correction:
 *
 *   g = gradient / samples (+ weightDecay w for Adam)
 *   m = beta1 m + (1 - beta1) g
 *   v = beta2 v + (1 - beta2) g^2
 *   w = w (1 - learningRate weightDecay for AdamW)
 *         - learningRate / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon)
 *
 * They differ only in where the weight decay enters: through the gradient and its moments in
 * Adam, straight into the weights in AdamW.
 */
import { checkRange, type Optimizer, type ParameterRange, type Scalars } from "./optimizer.ts";
import type { SpecOf } from "./spec.ts";

type AdamSpec = SpecOf<"adam"> | SpecOf<"adamw">;

/** Everything in the update that does not depend on the element. */
interface Coefficients {
  readonly scale: number;
  readonly intoGradient: number;
  readonly keep: number;
  readonly stepSize: number;
  readonly correction: number;
}

export function adam(spec: SpecOf<"adam">): Optimizer {
  return withMoments(spec, spec.weightDecay, 1);
}

export function adamw(spec: SpecOf<"adamw">): Optimizer {
  return withMoments(spec, 0, 1 - spec.learningRate * spec.weightDecay);
}

function withMoments(spec: AdamSpec, intoGradient: number, keep: number): Optimizer {
  const { beta1, beta2, learningRate } = spec;
  return {
    slots: 2,
    scalars: () => ({ step: 0, powers: [1, 1] }),
    advance({ step, powers }) {
      const [power1, power2] = pair(powers);
      return { step: step + 1, powers: [power1 * beta1, power2 * beta2] };
    },
    update(range, samples, { powers }: Scalars) {
      checkRange(range, 2, samples);
      const [m, v] = pair(range.slots);
      const [power1, power2] = pair(powers);
      const stepSize = learningRate / (1 - power1);
      const correction = 1 / Math.sqrt(1 - power2);
      const scale = 1 / samples;
      step(range, m, v, spec, { scale, intoGradient, keep, stepSize, correction });
    },
  };
}

function step(
  { weights, gradient }: ParameterRange,
  m: Float32Array,
  v: Float32Array,
  { beta1, beta2, epsilon }: AdamSpec,
  { scale, intoGradient, keep, stepSize, correction }: Coefficients,
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
    weights[i] = keep * w - (stepSize * first) / (Math.sqrt(second) * correction + epsilon);
  }
}

function pair<T>(values: readonly T[]): readonly [T, T] {
  return [values[0]!, values[1]!];
}
