/** Images at twice their size: each element becomes four. */
import type { GraphBuilder, Value } from "@amaas/graph";
import { sizeAt } from "./sizes.ts";

/** Cut to the height and width of another, which a halving has rounded up. */
export function enlarged(g: GraphBuilder, x: Value, like: Value): Value {
  const [channels, height, width] = [sizeAt(x, 1), sizeAt(x, 2), sizeAt(x, 3)];
  const apart = g.reshape(x, [0, channels, height, 1, width, 1]);
  // Copies are an Expand, whose gradient is a sum.
  const four = g.expand(apart, [1, channels, height, 2, width, 2]);
  const twice = g.reshape(four, [0, channels, 2 * height, 2 * width]);
  const [rows, columns] = [sizeAt(like, 2), sizeAt(like, 3)];
  if (rows === 2 * height && columns === 2 * width) return twice;
  const ends = g.ints([rows, columns]);
  return g.node("Slice", [twice, g.ints([0, 0]), ends, g.ints([2, 3])]);
}
