/**
 * Dropout before its gradient is taken: the mask is drawn by the graph itself. onnxruntime's own Dropout draws from a
 * generator that runs on, so its mask depends on how often the session ran before.
 */
import type { GraphBuilder, Value } from "@amaas/graph";
import { bitsFor } from "../random-bits.ts";
import { refuse } from "../refusal.ts";
import type { Rules } from "../rule.ts";
import { floatOf, reshapeLike, sizes } from "../sizes.ts";

const two32 = 2 ** 32;
const halfByDefault = 0.5;

export const dropout = {
  // y = data mask / (1 - ratio), and dx = dy mask / (1 - ratio) follows.
  Dropout: {
    everywhere: true,
    lower({ g, x: [data, ratio, training], attributes: { seed }, randomWords }) {
      const on = training ? training.content?.[0] : 0;
      const part = ratio ? ratio.content?.[0] : halfByDefault;
      if (on === 0 || part === 0) return [g.identity(data), allTrue(g, data)];
      if (typeof part === "number" && !(part >= 0 && part < 1))
        refuse(`its ratio is ${part}; a part from 0 to less than 1 can be left out`);
      const left = on === 1 && typeof part === "number" ? part : dynamicRatio(g, ratio, training);
      const bits = bitsFor(g, randomWords(String(seed ?? "")), data);
      const { threshold, scale } = ofRatio(g, left, data);
      const mask = reshapeLike(g, g.greaterOrEqual(bits, threshold), data);
      return [g.mul(data, g.mul(g.cast(mask, floatOf(data)), scale)), mask];
    },
  },
} satisfies Rules<"Dropout">;

function allTrue(g: GraphBuilder, x: Value): Value {
  return g.expand(g.scalar(1, "BOOL"), sizes(g, x));
}

/** The ratio in training mode, and 0 otherwise, where that is seen only when the graph runs. */
function dynamicRatio(g: GraphBuilder, ratio?: Value, training?: Value): Value {
  const part = ratio ? g.cast(ratio, "FP64") : g.scalar(halfByDefault, "FP64");
  return training ? g.where(training, part, g.scalar(0, "FP64")) : part;
}

/** Elements stay where 32 random bits reach the threshold, and are scaled so that their mean stays too. */
function ofRatio(g: GraphBuilder, ratio: number | Value, x: Value) {
  if (typeof ratio === "number")
    return {
      threshold: g.scalar(Math.floor(ratio * two32), "UINT32"),
      scale: g.scalar(1 / (1 - ratio), x),
    };
  const rest = g.sub(g.scalar(1, "FP64"), ratio);
  return {
    threshold: g.cast(g.node("Floor", [g.mul(ratio, g.scalar(two32, "FP64"))]), "UINT32"),
    scale: g.cast(g.node("Reciprocal", [rest]), floatOf(x)),
  };
}
