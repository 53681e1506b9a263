/**
 * What is done to a gradient before an optimizer takes it:
 *
 *   g = clamp(gradient / samples, -clipValue, clipValue) + l1 sign(w)
 *
 * The optimizer is handed the mean in the place of the sum, rounded to float32.
 */
import type { GradientSpec } from "@amaas/spec";
import { checkRange, type Optimizer, type ParameterRange } from "./optimizer.ts";

/** The very same optimizer where nothing is to be done. */
export function conditioned(
  optimizer: Optimizer,
  { l1, clipValue = Number.POSITIVE_INFINITY }: GradientSpec,
): Optimizer {
  if (l1 === 0 && clipValue === Number.POSITIVE_INFINITY) return optimizer;
  const before = (range: ParameterRange, samples: number) => {
    checkRange(range, optimizer.slots, samples);
    condition(range, 1 / samples, l1, clipValue);
  };
  const { direct } = optimizer;
  if (direct)
    return {
      ...optimizer,
      direct(range, samples, scalars) {
        before(range, samples);
        direct(range, 1, scalars);
      },
    };
  return {
    ...optimizer,
    update(range, samples, scalars) {
      before(range, samples);
      optimizer.update(range, 1, scalars);
    },
  };
}

function condition(
  { weights, gradient }: ParameterRange,
  scale: number,
  l1: number,
  most: number,
): void {
  for (let i = 0; i < gradient.length; i++) {
    const g = Math.max(-most, Math.min(most, gradient[i]! * scale));
    gradient[i] = g + l1 * Math.sign(weights[i]!);
  }
}
