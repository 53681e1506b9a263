/** Gradient rules for operators that pick, place, join and part elements: each is another one's way back. */
import type { GraphBuilder, Value } from "@amaas/graph";
import { padZeros } from "../pads.ts";
import type { Rules } from "../rule.ts";
import {
  flatSize,
  joinSizes,
  reshapeLike,
  type Size,
  shapeOf,
  sizeAt,
  sizes,
  sizesOf,
  times,
  zerosLike,
} from "../sizes.ts";
import { sumRows } from "./rows.ts";
import { scatterGradients } from "./scatter-elements.ts";
import { zero1 } from "./zero.ts";

export const indexing = {
  Gather: ({ g, x: [data, indices], dy, attributes: { axis } }) => {
    const at = axis < 0 ? axis + shapeOf(data).length : axis;
    if (indices.content?.length === 1 && typeof indices.content[0] === "number")
      return [oneBack(g, data, indices, dy, at, indices.content[0]), null];
    if (at > 0) return [slicesBack(g, data, indices, dy, at), null];
    const [count, ...row] = sizesOf(g, data);
    const width = row.reduce((a, b) => times(g, a, b), 1);
    return [reshapeLike(g, sumRows(g, { count: count!, width }, indices, dy), data), null];
  },

  GatherElements: ({ g, x: [data, indices], dy, attributes: { axis } }) => [
    add(g, zerosLike(g, data), indices, dy, axis),
    null,
  ],

  ScatterElements: ({ g, x, y, dy, attributes, wanted }) => {
    const [data, updates] = scatterGradients(g, { x, y, dy, wanted, ...attributes });
    return [data, null, updates];
  },

  // y = off + (on - off) hot, element by element.
  OneHot: ({ g, x: [indices, depth, values], dy, attributes: { axis } }) => {
    const marks = g.concat(
      [g.reshape(g.scalar(0, values), [1]), g.reshape(g.scalar(1, values), [1])],
      0,
    );
    const hot = g.oneHot(indices, depth, marks, axis);
    const all = { keepdims: false };
    const on = g.reduceSum(g.mul(dy, hot), undefined, all);
    const off = g.sub(g.reduceSum(dy, undefined, all), on);
    return [null, null, g.concat([g.reshape(off, [1]), g.reshape(on, [1])], 0)];
  },

  NonZero: zero1,

  Concat: ({ g, x, dy, attributes: { axis } }) => {
    if (x.length === 1) return [dy];
    const rank = shapeOf(dy).length;
    const at = axis < 0 ? axis + rank : axis;
    const lengths = joinSizes(
      g,
      x.map((input) => sizes(g, input, at, at + 1)),
    );
    return g.node("Split", [dy, lengths], { axis: at }, { outputs: x.length });
  },

  Split: ({ g, y, dy, attributes: { axis } }) => [
    g.concat(
      dy.map((part, index) => part ?? zerosLike(g, y[index]!)),
      axis,
    ),
    null,
  ],
} satisfies Rules<
  "Gather" | "GatherElements" | "ScatterElements" | "OneHot" | "NonZero" | "Concat" | "Split"
>;

/** One index that is known: zeros around what was taken there. */
function oneBack(
  g: GraphBuilder,
  data: Value,
  indices: Value,
  dy: Value,
  axis: number,
  index: number,
): Value {
  const slice = indices.shape?.length === 0 ? g.unsqueeze(dy, [axis]) : dy;
  const length = sizeAt(g, data, axis);
  if (length === 1) return slice;
  const others = typeof length === "number" ? length - 1 : g.sub(length, g.ints([1]));
  const before = index >= 0 ? index : plus(g, others, index + 1);
  const after = index >= 0 ? plus(g, others, -index) : -1 - index;
  return padZeros(g, slice, [{ axis, before, after }]);
}

function plus(g: GraphBuilder, size: Size, more: number): Size {
  if (typeof size === "number") return size + more;
  return more === 0 ? size : g.add(size, g.ints([more]));
}

/** Along an axis behind others: the indices in a row, whatever shape they had, and one slice of dy for each. */
function slicesBack(g: GraphBuilder, data: Value, indices: Value, dy: Value, axis: number): Value {
  const count = flatSize(g, indices);
  const shape = joinSizes(g, [sizes(g, data, 0, axis), count, sizes(g, data, axis + 1)]);
  const slices = g.reshape(dy, shape, { allowzero: 1 });
  const row = g.reshape(
    indices,
    shapeOf(data).map((_, i) => (i === axis ? -1 : 1)),
  );
  return add(g, zerosLike(g, data), g.expand(row, shape), slices, axis);
}

/** Sums that land on one place are added one after another, in the order of the indices. */
function add(g: GraphBuilder, data: Value, indices: Value, updates: Value, axis: number): Value {
  return g.scatterElements(data, indices, updates, { axis, reduction: "add" });
}
