/**
 * The gradient of Col2Im: each block is cut out of the image again where it was put. One axis after the other, each
 * by a convolution with a kernel for each point that picks it, which is faster than gathering elements.
 */
import { type GraphBuilder, knownNumbers, sizeOf, tensorOf, type Value } from "@amaas/graph";
import { refuse } from "../refusal.ts";
import type { Rules } from "../rule.ts";
import { floatOf, reshapeLike, sizesOf, vectorOf } from "../sizes.ts";

/** The kernels along an axis have as many elements as the square of this. */
const longestBlock = 4096;

export const folding = {
  Col2Im: ({ g, x: [x, , block], dy, attributes: { strides, dilations, pads } }) => {
    const lengths =
      knownNumbers(block.content) ?? refuse("block_shape is not known; make it a constant");
    const only = <T>(value: T, other: T, at: number) =>
      lengths.map((_, axis) => (axis === at ? value : other));
    let parts = dy;
    for (const [axis, length] of lengths.entries()) {
      const planes = g.reshape(parts, vectorOf(g, [-1, 1, ...sizesOf(g, parts).slice(2)]));
      const kernel = pointsOf(g, only(length, 1, axis), dy);
      parts = g.node("Conv", [planes, kernel], {
        strides: only(strides?.[axis] ?? 1, 1, axis),
        dilations: only(dilations?.[axis] ?? 1, 1, axis),
        pads: [
          ...only(pads?.[axis] ?? 0, 0, axis),
          ...only(pads?.[axis + lengths.length] ?? 0, 0, axis),
        ],
      });
    }
    return [reshapeLike(g, parts, x), null, null];
  },
} satisfies Rules<"Col2Im">;

/** For each point of a block, which is long along one axis only, the kernel that picks it. */
function pointsOf(g: GraphBuilder, block: readonly number[], like: Value): Value {
  const count = sizeOf(block)!;
  if (count > longestBlock)
    refuse(`its blocks have ${count} elements along an axis; at most ${longestBlock} can be cut`);
  const picks = Array.from({ length: count ** 2 }, (_, at) => (at % (count + 1) === 0 ? 1 : 0));
  return g.constant(tensorOf(floatOf(like), [count, 1, ...block], picks));
}
