/** Whether numbers agree, and where they do not. */
import { fromTensor, type NDArray, numbersOf } from "@amaas/graph";
import type { Tensor } from "@amaas/tensor";

/**
 * What is wrong with `found`, or undefined: its shape, or its first element that is further from the expected one
 * than the tolerance times the largest of all (or 1).
 */
export function difference(
  found: Tensor | NDArray | undefined,
  expected: Tensor | NDArray,
  tolerance: number,
): string | undefined {
  if (!found) return "is not there";
  if (found.shape.join() !== expected.shape.join())
    return `has the shape [${found.shape}] instead of [${expected.shape}]`;
  const is = numbersOf(fromTensor(found));
  const wanted = numbersOf(fromTensor(expected));
  const scale = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  // Written so that a number that is none counts as a difference.
  const at = wanted.findIndex((value, at) => !(Math.abs(is[at]! - value) <= tolerance * scale));
  return at < 0 ? undefined : `is ${is[at]} at ${at} instead of ${wanted[at]}`;
}
