/**
 * A tensor is a type, a shape and the array of its elements in row-major order. Making one checks that
 * the three agree, so whoever is handed a tensor need not.
 */
import { DomainError } from "@amaas/errors";
import {
  type Arrays,
  arrayClass,
  bytesPerElement,
  type DataType,
  type FixedType,
} from "./data-type.ts";

export interface Tensor<T extends DataType = DataType> {
  readonly type: T;
  readonly shape: readonly number[];
  readonly data: Arrays[T];
}

/** The number of elements of a shape; refuses what is no shape or could not be counted exactly. */
export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const dimension of shape) {
    if (!Number.isSafeInteger(dimension) || dimension < 0)
      throw new DomainError(
        "invalid-argument",
        `shape [${shape}] has the dimension ${dimension}; dimensions are whole numbers from 0`,
      );
    count *= dimension;
  }
  if (!Number.isSafeInteger(count))
    throw new DomainError("invalid-argument", `shape [${shape}] has too many elements to count`);
  return count;
}

export function tensor<T extends DataType>(
  type: T,
  shape: readonly number[],
  data: Arrays[T],
): Tensor<T> {
  const wanted = elementCount(shape);
  if (data.length !== wanted)
    throw new DomainError(
      "invalid-argument",
      `${type} tensor of shape [${shape}] has ${wanted} elements, but ${data.length} were given`,
    );
  return { type, shape, data };
}

/** A tensor of zeros, in a SharedArrayBuffer if threads are to share it. */
export function zeros<T extends FixedType>(
  type: T,
  shape: readonly number[],
  options: { readonly shared?: boolean } = {},
): Tensor<T> {
  const array = arrayClass(type);
  const count = elementCount(shape);
  if (!options.shared) return { type, shape, data: new array(count) };
  const memory = new SharedArrayBuffer(count * bytesPerElement(type));
  return { type, shape, data: new array(memory) };
}
