/** Gradient rules for the least, the greatest, and what lies between two bounds: the gradient goes where the value came from. */
import type { GraphBuilder, Value } from "@amaas/graph";
import type { Backward, Rule } from "../rule.ts";

export function extreme({ g, x, y, dy }: Backward<"Min"> | Backward<"Max">): readonly Value[] {
  return shared(g, x, y, dy);
}

/** Inputs that are equally far out share the gradient evenly: of two each has half, as in PyTorch's maximum. */
function shared(g: GraphBuilder, x: readonly Value[], y: Value, dy: Value): readonly Value[] {
  if (x.length === 1) return [dy];
  const masks = x.map((each) => g.cast(g.equal(each, y), dy.type!));
  const share = g.div(dy, masks.reduce(g.add));
  return masks.map((mask) => g.mul(mask, share));
}

/** Between bounds that are given the slope is 1, and at them it is 0, as in PyTorch's clamp. */
export const clip: Rule<"Clip"> = ({ g, x: [a, min, max], y, dy, wanted }) => {
  if (wanted[1] || wanted[2]) return withBounds(g, a, min, max, y, dy);
  const inside = [min && g.greater(y, min), max && g.less(y, max)].filter((is) => is !== undefined);
  const da = inside.length === 0 ? dy : g.where(inside.reduce(g.and), dy, g.scalar(0, dy));
  return [da, null, null];
};

/** Bounds that have gradients share them with what meets them: y is the lesser of `max` and the greater of a and `min`. */
function withBounds(
  g: GraphBuilder,
  a: Value,
  min: Value | undefined,
  max: Value | undefined,
  y: Value,
  dy: Value,
): readonly [Value, Value | null, Value | null] {
  const raised = min ? g.node("Max", [a, min]) : a;
  const [dRaised = dy, dMax = null] = max ? shared(g, [raised, max], y, dy) : [];
  const [da = dRaised, dMin = null] = min ? shared(g, [a, min], raised, dRaised) : [];
  return [da, dMin, dMax];
}
