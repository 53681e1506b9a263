/**
 * The parameters as one flat vector, sorted by name, and the values that they start from.
 *
 * The order and the values are functions of the parameters and the seed alone. There is no function
 * here whose last bit a JavaScript engine may choose: square roots are exact to the last bit.
 */
import { hashKey, uniform } from "@amaas/random";
import { elementCount } from "@amaas/tensor";
import type { Initialization, Parameter } from "./network.ts";

/** Where a parameter stands in the vector. */
export interface Placement {
  readonly name: string;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly length: number;
}

/** Sorted by name, in the order of its UTF-16 code units, one after the other from 0. */
export function layout(parameters: readonly Pick<Parameter, "name" | "shape">[]): Placement[] {
  let offset = 0;
  return byName(parameters).map(({ name, shape }) => {
    const length = elementCount(shape);
    const placement = { name, shape, offset, length };
    offset += length;
    return placement;
  });
}

/** The whole vector before the first step. */
export function initialValues(parameters: readonly Parameter[], seed: number): Float32Array {
  const placements = layout(parameters);
  const last = placements.at(-1);
  const vector = new Float32Array(last ? last.offset + last.length : 0);
  byName(parameters).forEach((parameter, i) => {
    const { offset, length } = placements[i]!;
    const limit = limits[parameter.init](parameter.shape);
    if (limit === 0) return;
    const key = hashKey("initial values", seed, parameter.name);
    for (let index = 0; index < length; index++)
      vector[offset + index] = limit * (2 * uniform(key, index) - 1);
  });
  return vector;
}

/** Values are uniform from -limit to limit. */
const limits: { readonly [I in Initialization]: (shape: readonly number[]) => number } = {
  zeros: () => 0,
  "glorot-uniform": ([fanIn = 1, fanOut = 1]) => Math.sqrt(6 / (fanIn + fanOut)),
  "he-uniform": ([fanIn = 1]) => Math.sqrt(6 / fanIn),
};

function byName<T extends { readonly name: string }>(parameters: readonly T[]): T[] {
  return parameters.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}
