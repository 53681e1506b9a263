/**
 * The gradient of a product of many: for each factor, the product of all the others. Not the whole divided by the
 * factor, which says nothing where a factor is 0, and nothing true about its own gradient there.
 */
import { type GraphBuilder, knownNumbers, type Value } from "@amaas/graph";
import { refuse } from "../refusal.ts";
import type { Backward } from "../rule.ts";
import { joinSizes, reshapeLike, shapeOf, sizes } from "../sizes.ts";

export function product({
  g,
  x: [a, axes],
  dy,
  attributes: { noop_with_empty_axes },
}: Backward<"ReduceProd">): readonly [Value, null] {
  const rank = shapeOf(a).length;
  const gone = reducedAxes(axes, rank, noop_with_empty_axes !== 0);
  if (gone.length === 0) return [dy, null];
  // The reduced axes are brought to the end and made one.
  const kept = shapeOf(a).flatMap((_, axis) => (gone.includes(axis) ? [] : [axis]));
  const order = [...kept, ...gone];
  const moved = g.transpose(a, order);
  const count = g.node("ReduceProd", [sizes(g, moved, kept.length)]);
  const outer = sizes(g, moved, 0, kept.length);
  const flat = (value: Value, last: Value): Value =>
    g.reshape(value, joinSizes(g, [outer, last]), { allowzero: 1 });
  const factors = gone.length === 1 ? moved : flat(moved, count);
  const slopes = g.mul(flat(dy, g.ints([1])), productsOfOthers(g, factors));
  const back = order.map((_, axis) => order.indexOf(axis));
  return [g.transpose(reshapeLike(g, slopes, moved), back), null];
}

function reducedAxes(axes: Value | undefined, rank: number, noop: boolean): readonly number[] {
  const known = axes ? knownNumbers(axes.content) : [];
  if (!known)
    return refuse("which axes it multiplies along is not known; make them constant in the graph");
  if (known.length > 0) return known.map((axis) => (axis + rank) % rank).sort((a, b) => a - b);
  return noop ? [] : Array.from({ length: rank }, (_, axis) => axis);
}

/** As many factors are multiplied each with each; more are taken in blocks, so that the work grows evenly. */
const blockSize = 32;

/** Along the last axis, for each factor: the product of the others. */
function productsOfOthers(g: GraphBuilder, x: Value): Value {
  const rank = shapeOf(x).length;
  const count = shapeOf(x)[rank - 1]!;
  if (typeof count === "number" && count > blockSize) return inBlocks(g, x, count);
  const others = g.where(diagonal(g, x), g.scalar(1, x), g.unsqueeze(x, [rank - 1]));
  return multiplied(g, others, rank);
}

/** The products of the others in the block, times that of the other blocks. */
function inBlocks(g: GraphBuilder, x: Value, count: number): Value {
  const outer = sizes(g, x, 0, -1);
  const rank = shapeOf(x).length;
  const blocks = Math.ceil(count / blockSize);
  const padding = new Array<number>(2 * rank).fill(0).with(-1, blocks * blockSize - count);
  const filled = g.node("Pad", [x, g.ints(padding), g.scalar(1, x)]);
  const shaped = (value: Value, inner: readonly number[]): Value =>
    g.reshape(value, joinSizes(g, [outer, g.ints(inner)]), { allowzero: 1 });
  const parted = shaped(filled, [blocks, blockSize]);
  const beyond = productsOfOthers(g, multiplied(g, parted, rank));
  const all = g.mul(productsOfOthers(g, parted), g.unsqueeze(beyond, [rank]));
  const ends = [g.ints([0]), g.ints([count]), g.ints([rank - 1])];
  return g.node("Slice", [shaped(all, [blocks * blockSize]), ...ends]);
}

function multiplied(g: GraphBuilder, x: Value, axis: number): Value {
  return g.node("ReduceProd", [x, g.ints([axis])], { keepdims: 0 });
}

/** Where row and column are the same, for the last axis of `x`. */
function diagonal(g: GraphBuilder, x: Value): Value {
  const last = sizes(g, x, -1);
  const zero = g.scalar(0, "INT64");
  const index = g.node("Range", [zero, g.squeeze(last, [0]), g.scalar(1, "INT64")]);
  return g.equal(g.unsqueeze(index, [0]), g.unsqueeze(index, [1]));
}
