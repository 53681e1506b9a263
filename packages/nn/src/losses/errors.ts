/** Losses of one number: of e, the label less the prediction, in standard deviations of the labels. */
import type { GraphBuilder, Value } from "@amaas/graph";
import type { ErrorLossSpec, HuberSpec, QuantileSpec } from "@amaas/spec";
import type { ErrorLoss } from "./loss.ts";

/** e^2 */
export const mse: ErrorLoss<ErrorLossSpec> = (g, error) => g.mul(error, error);

/** |e|, whose slope at 0 is taken to be 0. */
export const mae: ErrorLoss<ErrorLossSpec> = (g, error) => g.abs(error);

/** log(cosh(e)) = e + log(1 + exp(-2 e)) - log(2), which overflows nowhere. */
export const logCosh: ErrorLoss<ErrorLossSpec> = (g, error) => {
  const tail = g.node("Softplus", [g.mul(error, g.scalar(-2, error))]);
  return g.sub(g.add(error, tail), g.scalar(Math.LN2, error));
};

/**
 * e^2 / 2 up to delta, delta (|e| - delta / 2) from there (Huber, 1964): with c = min(|e|, delta),
 * both are c (|e| - c / 2).
 */
export const huber: ErrorLoss<HuberSpec> = (g, error, { delta }) => {
  const size = g.abs(error);
  const capped = g.node("Min", [size, g.scalar(delta, size)]);
  return g.mul(capped, g.sub(size, g.mul(capped, g.scalar(0.5, size))));
};

export const quantile: ErrorLoss<QuantileSpec> = (g, error, { quantile: q }) =>
  pinball(g, error, q);

/** q e where the label lies above, (q - 1) e where it lies below (Koenker and Bassett, 1978). */
export function pinball(g: GraphBuilder, error: Value, q: number): Value {
  const slope = (by: number) => g.mul(error, g.scalar(by, error));
  return g.where(g.greaterOrEqual(error, g.scalar(0, error)), slope(q), slope(q - 1));
}
