/** A training without a network: gradients are given, and so are the cuts of the vector. */
import type { Optimizer, Scalars } from "./index.ts";

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
    for (let i = 1; i < bounds.length; i++) {
      const of = (vector: Float32Array) => vector.subarray(bounds[i - 1], bounds[i]);
      const range = { weights: of(weights), gradient: of(gradient), slots: slots.map(of) };
      optimizer.update(range, samples, scalars);
    }
  }
  return { weights, slots, scalars };
}
