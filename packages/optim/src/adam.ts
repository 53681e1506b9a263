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
 * Adam, straight into the weights in AdamW. With amsgrad (Reddi, Kale and Kumar 2018) the largest v
 * so far stands in the last line.
 */
import { type Decay, decayOf } from "./decay.ts";
import type { LearningRate } from "./learning-rate.ts";
import { checkRange, type Optimizer, type ParameterRange } from "./optimizer.ts";
import type { SpecOf } from "./spec.ts";

type AdamSpec = SpecOf<"adam"> | SpecOf<"adamw">;

/** Everything in the update that does not depend on the element. */
interface Coefficients extends Decay {
  readonly scale: number;
  readonly stepSize: number;
  readonly correction: number;
}

export function adam(spec: AdamSpec, rate: LearningRate): Optimizer {
  const { beta1, beta2, weightDecay } = spec;
  const decoupled = spec.type === "adamw";
  const slots = spec.amsgrad ? 3 : 2;
  return {
    slots,
    scalars: () => ({ step: 0, powers: [1, 1] }),
    advance({ step, powers }) {
      return { step: step + 1, powers: [powers[0]! * beta1, powers[1]! * beta2] };
    },
    update(range, samples, { step, powers }) {
      checkRange(range, slots, samples);
      const learningRate = rate(step - 1);
      const coefficients = {
        ...decayOf({ weightDecay, decoupled }, learningRate),
        scale: 1 / samples,
        stepSize: learningRate / (1 - powers[0]!),
        correction: 1 / Math.sqrt(1 - powers[1]!),
      };
      const [m, v, largest] = range.slots;
      if (largest === undefined) descend(range, m!, v!, spec, coefficients);
      else descendByLargest(range, m!, v!, largest, spec, coefficients);
    },
  };
}

function descend(
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

function descendByLargest(
  { weights, gradient }: ParameterRange,
  m: Float32Array,
  v: Float32Array,
  largest: Float32Array,
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
    const most = Math.max(largest[i]!, second);
    m[i] = first;
    v[i] = second;
    largest[i] = most;
    weights[i] = keep * w - (stepSize * first) / (Math.sqrt(most) * correction + epsilon);
  }
}
