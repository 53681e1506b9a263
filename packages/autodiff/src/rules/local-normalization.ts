/**
 * Normalizations without parameters, spelled out: the way back takes over the norms that the way there has computed.
 * With them alone, the stock engine also runs LRN several times as fast as its own kernel does.
 */
import { type GraphBuilder, tensorOf, type Value } from "@amaas/graph";
import type { Rules } from "../rule.ts";
import { floatOf, reshapeBy, reshapeLike, shapeOf, sizesOf, times } from "../sizes.ts";
import { shareOf } from "./spread.ts";

/** As the standard has it: what does not vary is divided by that. */
const leastSpread = 1e-9;

export const localNormalization = {
  // y = x (bias + α/size Σ x²)^-β, where the sum is over neighbouring channels
  LRN: {
    lower({ g, x: [x], attributes: { alpha, beta, bias, size } }) {
      const squares = channelSums(g, g.mul(x, x), size);
      const base = g.add(g.mul(squares, g.scalar(alpha / size, x)), g.scalar(bias, x));
      // Where the base is positive, e^(-β log base) is twice as fast as its power.
      const factor =
        bias > 0 && alpha >= 0
          ? g.exp(g.mul(g.log(base), g.scalar(-beta, x)))
          : g.pow(base, g.scalar(-beta, x));
      return g.mul(x, factor);
    },
  },

  // Where everything is 0, so is the result, and its slope is taken to be 0 too.
  LpNormalization: {
    lower({ g, x: [x], attributes: { axis, p } }) {
      const at = axis < 0 ? axis + shapeOf(x).length : axis;
      const norm = g.node(p === 1 ? "ReduceL1" : "ReduceL2", [x, g.ints([at])]);
      const none = g.equal(norm, g.scalar(0, x));
      const divisor = g.where(none, g.scalar(Number.POSITIVE_INFINITY, x), norm);
      return g.mul(x, g.node("Reciprocal", [divisor]));
    },
  },

  // y = c / (√(mean c²) + ε), where c is x less its mean; where nothing varies, the root is taken to be flat.
  MeanVarianceNormalization: {
    lower({ g, x: [x], attributes: { axes } }) {
      const rank = shapeOf(x).length;
      const over = g.ints(axes.map((axis) => (axis < 0 ? axis + rank : axis)));
      const mean = g.node("ReduceMean", [x, over]);
      const c = g.add(x, g.neg(mean));
      const norm = g.node("ReduceL2", [c, over]);
      const spread = g.mul(norm, g.sqrt(shareOf(g, x, mean)));
      return g.mul(c, g.node("Reciprocal", [g.add(spread, g.scalar(leastSpread, x))]));
    },
  },
} satisfies Rules<"LRN" | "LpNormalization" | "MeanVarianceNormalization">;

/** The sum over each channel and its neighbours: a convolution with ones, in which channels are an axis of the image. */
function channelSums(g: GraphBuilder, x: Value, size: number): Value {
  const [batch, channels, ...rest] = sizesOf(g, x);
  const area = rest.reduce((a, b) => times(g, a, b), 1);
  const planes = reshapeBy(g, x, [batch!, 1, channels!, area]);
  // Of an even number of channels, one more lies behind than before; there are no more than there are.
  const most = typeof channels === "number" ? channels - 1 : size;
  const half = Math.floor((size - 1) / 2);
  const [before, behind] = [Math.min(half, most), Math.min(size - 1 - half, most)];
  const length = before + 1 + behind;
  const ones = tensorOf(floatOf(x), [1, 1, length, 1], new Array<number>(length).fill(1));
  const sums = g.node("Conv", [planes, g.constant(ones)], { pads: [before, 0, behind, 0] });
  return reshapeLike(g, sums, x);
}
