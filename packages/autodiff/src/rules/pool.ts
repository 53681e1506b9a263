/** Gradient rules for poolings: what a window folded together goes back to the elements it came from. */
import {
  type GraphBuilder,
  type PlainAttributes,
  poolAxes,
  sizeOf,
  type Value,
} from "@amaas/graph";
import type { Rules } from "../rule.ts";
import {
  floatOf,
  joinSizes,
  reshapeLike,
  scatterFlat,
  shapeOf,
  sizes,
  zerosLike,
} from "../sizes.ts";
import { averageShares, spreadWindows } from "./pool-windows.ts";

export const pools = {
  // The gradient goes to the largest element of each window, the first of several, as in PyTorch; where windows
  // overlap, one element may take it from many.
  MaxPool: ({ g, x: [x], y: [y], dy: [dy], attributes }) => {
    if (!dy || !y) return [null];
    // Its indices count through all of x, unless they are asked for in another order.
    const rowMajor = attributes.storage_order === 0;
    const at = rowMajor ? g.outputOf(y, 1) : largestOf(g, x, attributes);
    return [scatterFlat(g, x, at, dy)];
  },

  // dx = Σ over the windows that hold x of dy / how many elements the mean was over.
  AveragePool: ({ g, x: [x], y, dy, attributes }) => {
    const axes = poolAxes(shapeOf(x), attributes);
    return [spreadWindows(g, g.mul(dy, averageShares(g, x, axes, attributes)), x, axes, y.label)];
  },

  // y = (Σ |x|^p)^(1/p), so dx = sign(x) |x|^(p-1) y^(1-p) dy
  LpPool: ({ g, x: [x], y, dy, attributes }) => {
    const axes = poolAxes(shapeOf(x), attributes);
    const { p } = attributes;
    return [g.mul(powerSlope(g, x, p), spreadWindows(g, normSlope(g, y, dy, p), x, axes, y.label))];
  },

  // As MaxPool: the first of several largest takes all.
  GlobalMaxPool: ({ g, x: [x], dy }) => {
    const planes = g.reshape(x, joinSizes(g, [sizes(g, x, 0, 2), g.ints([-1])]));
    const at = g.argMax(planes, 2);
    const updates = g.reshape(dy, joinSizes(g, [sizes(g, x, 0, 2), g.ints([1])]));
    return [reshapeLike(g, g.scatterElements(zerosLike(g, planes), at, updates, { axis: 2 }), x)];
  },

  GlobalAveragePool: ({ g, x: [x], y, dy }) => [
    g.expand(g.mul(dy, planeShare(g, x, y)), sizes(g, x)),
  ],

  // Spelled out, since onnxruntime has no kernel for it; a plane of zeros has the slope 0.
  GlobalLpPool: {
    lower({ g, x: [x], attributes: { p } }) {
      const axes = shapeOf(x).flatMap((_, axis) => (axis < 2 ? [] : [axis]));
      const sum = g.reduceSum(g.pow(g.abs(x), g.scalar(p, x)), axes);
      const [zero, one] = [g.scalar(0, x), g.scalar(1, x)];
      const none = g.equal(sum, zero);
      return g.where(none, zero, g.pow(g.where(none, one, sum), g.scalar(1 / p, x)));
    },
  },

  // Each element takes the gradient of the place it was put in.
  MaxUnpool: ({ g, x: [, indices], dy }) => [g.gather(g.reshape(dy, [-1]), indices), null, null],
} satisfies Rules<
  | "MaxPool"
  | "AveragePool"
  | "LpPool"
  | "GlobalMaxPool"
  | "GlobalAveragePool"
  | "GlobalLpPool"
  | "MaxUnpool"
>;

function largestOf(g: GraphBuilder, x: Value, attributes: PlainAttributes): Value {
  const given = { ...attributes, storage_order: 0 };
  return g.node("MaxPool", [x], given, { outputs: 2 })[1]!;
}

/** sign(x) |x|^(p-1) */
function powerSlope(g: GraphBuilder, x: Value, p: number): Value {
  if (p === 1) return g.sign(x);
  return p === 2 ? x : g.mul(x, g.pow(g.abs(x), g.scalar(p - 2, x)));
}

/** y^(1-p) dy; 0 where y is, since all that it was made of is 0 there too. */
function normSlope(g: GraphBuilder, y: Value, dy: Value, p: number): Value {
  if (p === 1) return dy;
  const none = g.equal(y, g.scalar(0, y));
  const base = g.where(none, g.scalar(1, y), y);
  const power = p === 2 ? base : g.pow(base, g.scalar(p - 1, y));
  return g.where(none, g.scalar(0, y), g.div(dy, power));
}

/** 1 / how many elements a plane has. */
function planeShare(g: GraphBuilder, x: Value, y: Value): Value {
  const count = sizeOf(shapeOf(x).slice(2));
  if (count !== undefined) return g.scalar(1 / count, x);
  const type = floatOf(x);
  return g.div(g.cast(g.size(y), type), g.cast(g.size(x), type));
}
