/** Gradient rules for operators that repeat, drop or move blocks of elements. */
import type { GraphBuilder, Value } from "@amaas/graph";
import type { Rules } from "../rule.ts";
import { reshapeBy, reshapeLike, shapeOf, sizeAt, sizes, sizesOf } from "../sizes.ts";

export const rearrangements = {
  // The copies along an axis of size n that was repeated r times are an axis of their own in [r, n].
  Tile: ({ g, x: [a, repeats], dy }) => {
    const { content } = repeats;
    const rank = shapeOf(a).length;
    if (!content) {
      const both = [repeats, sizes(g, a)].map((vector) => g.unsqueeze(vector, [1]));
      const shape = g.reshape(g.concat(both, 1), [2 * rank]);
      const copies = g.reshape(dy, shape, { allowzero: 1 });
      const even = shapeOf(a).map((_, axis) => 2 * axis);
      return [rank === 0 ? dy : g.reduceSum(copies, even, { keepdims: false }), null];
    }
    const parts: (number | Value)[] = [];
    const copied: number[] = [];
    for (const [axis, count] of content.entries()) {
      if (count !== 1) {
        copied.push(parts.length);
        parts.push(typeof count === "number" ? count : entry(g, repeats, axis));
      }
      parts.push(sizeAt(g, a, axis));
    }
    if (copied.length === 0) return [dy, null];
    return [g.reduceSum(reshapeBy(g, dy, parts), copied, { keepdims: false }), null];
  },

  Trilu: ({ g, x: [, k], dy, attributes }) => [g.node("Trilu", [dy, k], attributes), null],

  DepthToSpace: ({ g, x: [a], dy, attributes: { blocksize, mode } }) => {
    if (mode === "DCR") return [g.node("SpaceToDepth", [dy], { blocksize })];
    const [n, , h, w] = sizesOf(g, a);
    const blocks = reshapeBy(g, dy, [n!, sizeAt(g, dy, 1), h!, blocksize, w!, blocksize]);
    return [reshapeLike(g, g.transpose(blocks, [0, 1, 3, 5, 2, 4]), a)];
  },

  SpaceToDepth: ({ g, dy, attributes: { blocksize } }) => [
    g.node("DepthToSpace", [dy], { blocksize }),
  ],

  // What is reversed twice is as it was.
  ReverseSequence: ({ g, x: [, lengths], dy, attributes }) => [
    g.node("ReverseSequence", [dy, lengths], attributes),
    null,
  ],
} satisfies Rules<"Tile" | "Trilu" | "DepthToSpace" | "SpaceToDepth" | "ReverseSequence">;

function entry(g: GraphBuilder, vector: Value, index: number): Value {
  return g.gather(vector, g.ints([index]));
}
