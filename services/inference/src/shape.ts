/** A model's shapes as the Open Inference Protocol tells them: -1 for a size that may vary. */
import type { ValueSpec } from "@amaas/engine";

export function wireShape({ shape }: ValueSpec): number[] {
  return shape.map((size) => (typeof size === "number" && size >= 0 ? size : -1));
}

/** The smallest shape that fits: 1 for a size that may vary. */
export function smallestShape(value: ValueSpec): number[] {
  return wireShape(value).map((size) => (size === -1 ? 1 : size));
}
