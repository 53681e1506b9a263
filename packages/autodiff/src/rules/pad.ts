/** The gradient of Pad: what was put around is cut off; what was taken from inside goes back to where it was. */
import { type GraphBuilder, knownNumbers, type Value } from "@amaas/graph";
import { padsOfAll } from "../pads.ts";
import type { Rules } from "../rule.ts";
import { positionsOf, scatterFlat, zerosLike } from "../sizes.ts";

export const padding = {
  Pad: ({ g, x: [data, some, value, axes], dy, attributes: { mode }, wanted }) => {
    const pads = padsOfAll(g, data, some, axes);
    if (mode !== "constant") {
      const sources = g.node("Pad", [positionsOf(g, data), pads], { mode });
      return [scatterFlat(g, data, sources, dy), null, null, null];
    }
    const dx = wanted[0] ? unpad(g, dy, pads) : null;
    if (!value || !wanted[2]) return [dx, null, null, null];
    // The constant stands wherever zeros padded with ones have a one.
    const around = g.node("Pad", [zerosLike(g, data), pads, g.scalar(1, data)]);
    return [dx, null, g.reduceSum(g.mul(dy, around), undefined, { keepdims: false }), null];
  },
} satisfies Rules<"Pad">;

/** The way back from constant padding: cut where it added, add zeros where it cut. */
function unpad(g: GraphBuilder, dy: Value, pads: Value): Value {
  const known = knownNumbers(pads.content);
  if (!known) return g.node("Pad", [dy, g.neg(pads)]);
  const half = known.length / 2;
  if (known.some((pad) => pad < 0))
    return g.node("Pad", [dy, g.ints(known.map((pad) => -pad || 0))]);
  // Only the axes that have pads; an end counted from the back holds for every length.
  const cut = known.slice(0, half).map((pad, axis) => [axis, pad, known[axis + half]!] as const);
  const used = cut.filter(([, before, after]) => before > 0 || after > 0);
  if (used.length === 0) return dy;
  const starts = g.ints(used.map(([, before]) => before));
  const ends = g.ints(used.map(([, , after]) => (after > 0 ? -after : toEnd)));
  return g.node("Slice", [dy, starts, ends, g.ints(used.map(([axis]) => axis))]);
}

const toEnd = 2 ** 31 - 1;
