/**
 * The parameters as one flat vector, sorted by name, and the values that they start from.
 *
 * The order and the values are functions of the parameters and the seed alone.
 */
import { hashKey } from "@amaas/random";
import { elementCount } from "@amaas/tensor";
import { initialize } from "./initializers.ts";
import type { Parameter } from "./network.ts";

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
    const key = hashKey("initial values", seed, parameter.name);
    initialize(vector.subarray(offset, offset + length), parameter, key);
  });
  return vector;
}

function byName<T extends { readonly name: string }>(parameters: readonly T[]): T[] {
  return parameters.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}
