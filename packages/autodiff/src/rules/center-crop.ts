/** CenterCropPad, spelled out: a Pad whose margins follow from what the sizes are and what they are to be. */
import { type Dimension, type GraphBuilder, sameDimension, type Value } from "@amaas/graph";
import { padsOfAll } from "../pads.ts";
import type { Rules } from "../rule.ts";
import { shapeOf, sizeAt, vectorOf } from "../sizes.ts";

export const centerCrops = {
  CenterCropPad: {
    lower({ g, x: [x, wanted], attributes: { axes } }) {
      const shape = shapeOf(x);
      const at = axes?.map((axis) => (axis < 0 ? axis + shape.length : axis)) ?? [...shape.keys()];
      return g.node("Pad", [x, padsOfAll(g, x, marginsOf(g, x, wanted, at), g.ints(at))]);
    },
  },
} satisfies Rules<"CenterCropPad">;

/** What is added before each axis and then behind it; less than 0 is cut. Of an odd number, one more lies behind. */
function marginsOf(g: GraphBuilder, x: Value, wanted: Value, at: readonly number[]): Value {
  const known = at.map((axis, index) => moreThan(shapeOf(x)[axis]!, wanted.content?.[index]));
  if (known.every((count) => count !== undefined)) {
    const before = known.map((count) => Math.trunc(count / 2));
    return g.ints([...before, ...known.map((count, index) => count - before[index]!)]);
  }
  const sizes = vectorOf(
    g,
    at.map((axis) => sizeAt(g, x, axis)),
  );
  const more = g.sub(wanted.type === "INT64" ? wanted : g.cast(wanted, "INT64"), sizes);
  const before = g.div(more, g.ints([2]));
  return g.concat([before, g.sub(more, before)], 0);
}

function moreThan(size: Dimension, wanted: Dimension | undefined): number | undefined {
  if (wanted === undefined) return undefined;
  if (sameDimension(size, wanted)) return 0;
  return typeof size === "number" && typeof wanted === "number" ? wanted - size : undefined;
}
