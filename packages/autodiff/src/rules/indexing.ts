/** Gradient rules for operators that pick, place, join and part elements: each is another one's way back. */
import type { GraphBuilder, Value } from "@amaas/graph";
import { refuse } from "../refusal.ts";
import type { Rules } from "../rule.ts";
import { joinSizes, shapeOf, sizes, zerosLike } from "../sizes.ts";
import { zero1 } from "./zero.ts";

export const indexing = {
  Gather: ({ g, x: [data, indices], dy, attributes: { axis } }) => {
    const rank = shapeOf(data).length;
    const at = axis < 0 ? axis + rank : axis;
    // The indices in a row, whatever shape they had: one slice of dy for each.
    const count = joinSizes(g, [flatSize(g, indices)]);
    const shape = joinSizes(g, [sizes(g, data, 0, at), count, sizes(g, data, at + 1)]);
    const slices = g.reshape(dy, shape, { allowzero: 1 });
    const row = g.reshape(
      indices,
      Array.from({ length: rank }, (_, i) => (i === at ? -1 : 1)),
    );
    return [add(g, zerosLike(g, data), g.expand(row, shape), slices, at), null];
  },

  GatherElements: ({ g, x: [data, indices], dy, attributes: { axis } }) => [
    add(g, zerosLike(g, data), indices, dy, axis),
    null,
  ],

  // With reduction "none" ONNX leaves repeated indices undefined, so each place is taken to be written once.
  ScatterElements: ({ g, x: [, indices, updates], dy, attributes: { axis, reduction } }) => {
    if (reduction !== "none" && reduction !== "add")
      refuse(`reduction "${reduction}" has no gradient rule; "none" and "add" have`);
    const dUpdates = g.gatherElements(dy, indices, axis);
    if (reduction === "add") return [dy, null, dUpdates];
    return [g.scatterElements(dy, indices, zerosLike(g, updates), { axis }), null, dUpdates];
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

/** Sums that land on one place are added one after another, in the order of the indices. */
function add(g: GraphBuilder, data: Value, indices: Value, updates: Value, axis: number): Value {
  return g.scatterElements(data, indices, updates, { axis, reduction: "add" });
}

/** How many elements `x` has, as a vector of one size. */
function flatSize(g: GraphBuilder, x: Value): Value {
  return g.reshape(g.size(x), [1]);
}
