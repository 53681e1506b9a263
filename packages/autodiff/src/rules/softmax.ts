/**
 * Gradient rules for softmax and its logarithm, written with plain operators: the engine's fused kernels give
 * different bits on different classes of CPU, and the gradient must not inherit that.
 */
import type { Rules } from "../rule.ts";
import { zero1 } from "./zero.ts";

export const softmax = {
  // dx = (dy - Σ dy y) y
  Softmax: ({ g, y, dy, attributes: { axis } }) => {
    const along = g.reduceSum(g.mul(dy, y), [axis]);
    return [g.mul(g.sub(dy, along), y)];
  },

  // dx = dy - softmax(x) Σ dy
  LogSoftmax: ({ g, y, dy, attributes: { axis } }) => [
    g.sub(dy, g.mul(g.exp(y), g.reduceSum(dy, [axis]))),
  ],

  Hardmax: zero1,
} satisfies Rules<"Softmax" | "LogSoftmax" | "Hardmax">;
