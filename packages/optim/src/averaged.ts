/**
 * An exponential moving average of the weights (Polyak and Juditsky 1992), beside any optimizer:
 *
 *   a = a + (1 - d) (w - a)
 *
 * with a = w before the first step, and d the decay, or with a warm-up min(decay, (1 + t) / (10 + t)) after
 * t steps. It is the last of the slots, and of no influence on the weights.
 */
import type { AveragingSpec } from "@amaas/spec";
import { checkRange, type Optimizer, type ParameterRange } from "./optimizer.ts";

/** The very same optimizer where nothing is to be averaged. */
export function averaged(optimizer: Optimizer, averaging: AveragingSpec | undefined): Optimizer {
  if (!averaging) return optimizer;
  const { decay, warmup } = averaging;
  const { direct } = optimizer;
  const slots = optimizer.slots + 1;
  return {
    ...optimizer,
    slots,
    averages: true,
    ...(direct && {
      direct: (range, samples, scalars) => direct(withoutAverage(range), samples, scalars),
    }),
    update(range, samples, scalars, squares) {
      checkRange(range, slots, samples);
      const { step } = scalars;
      const average = range.slots[slots - 1]!;
      if (step === 1) average.set(range.weights);
      optimizer.update(withoutAverage(range), samples, scalars, squares);
      follow(
        average,
        range.weights,
        1 - (warmup ? Math.min(decay, (1 + step) / (10 + step)) : decay),
      );
    },
  };
}

function withoutAverage(range: ParameterRange): ParameterRange {
  return { ...range, slots: range.slots.slice(0, -1) };
}

function follow(average: Float32Array, weights: Float32Array, rest: number): void {
  for (let i = 0; i < average.length; i++) {
    const a = average[i]!;
    average[i] = a + rest * (weights[i]! - a);
  }
}
