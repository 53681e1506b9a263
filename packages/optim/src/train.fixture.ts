/** A training without a network: gradients are given, and so are the cuts of the vector. */
import { ExactSquares } from "@amaas/reduction";
import type { Optimizer, Scalars, TensorSquares } from "./index.ts";

export interface State {
  readonly weights: Float32Array;
  readonly slots: readonly Float32Array[];
  readonly scalars: Scalars;
}

export function begin(optimizer: Optimizer, weights: ArrayLike<number>): State {
  const slots = Array.from({ length: optimizer.slots }, () => new Float32Array(weights.length));
  return { weights: Float32Array.from(weights), slots, scalars: optimizer.scalars() };
}

/** The state after a step for each gradient; the one given stays as it is. */
export function train(
  optimizer: Optimizer,
  from: State,
  gradients: readonly ArrayLike<number>[],
  samples: number,
  cuts: readonly number[] = [],
): State {
  const weights = from.weights.slice();
  const slots = from.slots.map((slot) => slot.slice());
  const bounds = [0, ...cuts, weights.length];
  let { scalars } = from;
  for (const values of gradients) {
    const gradient = Float32Array.from(values);
    scalars = optimizer.advance(scalars);
    const ranges = bounds.slice(1).map((to, i) => {
      const of = (vector: Float32Array) => vector.subarray(bounds[i], to);
      return { weights: of(weights), gradient: of(gradient), slots: slots.map(of) };
    });
    for (const range of ranges) optimizer.direct?.(range, samples, scalars);
    const squares = squaresOf(weights, gradient);
    for (const range of ranges) optimizer.update(range, samples, scalars, squares);
  }
  return { weights, slots, scalars };
}

/** As if all of the vector were one tensor. */
export function squaresOf(weights: Float32Array, direction: Float32Array): TensorSquares {
  return {
    weights: ExactSquares.of(weights).value(),
    direction: ExactSquares.of(direction).value(),
  };
}
