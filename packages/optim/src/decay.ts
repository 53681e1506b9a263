/**
 * Weight decay, in the two ways that there are: added to the gradient, so that it passes through an
 * optimizer's moments (an L2 penalty), or taken from the weight itself (decoupled, Loshchilov and
 * Hutter 2019). Rules have it in formulas:
 *
 *   g = g + intoGradient * w
 *   w = keep * w - …
 */
import type { DecaySpec } from "@amaas/spec";

export const withDecay = "g = g + intoGradient * w";

export interface Decay extends Readonly<Record<string, number>> {
  readonly intoGradient: number;
  readonly keep: number;
}

export function decayOf({ weightDecay, decoupled }: DecaySpec, learningRate: number): Decay {
  return decoupled
    ? { intoGradient: 0, keep: 1 - learningRate * weightDecay }
    : { intoGradient: weightDecay, keep: 1 };
}
