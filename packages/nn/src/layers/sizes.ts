/** The sizes of values that a layer depends on; only the rows of a batch are open. */
import type { Value } from "@amaas/graph";

export function sizeAt({ shape, label }: Value, axis: number): number {
  const size = shape?.at(axis);
  if (typeof size !== "number") throw new Error(`axis ${axis} of ${label} has no known size`);
  return size;
}
