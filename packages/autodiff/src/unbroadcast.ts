/**
 * The way back from broadcasting: where an input was stretched along an axis, its gradient is the sum along it.
 * Decided when the gradient is derived wherever the sizes are known, and when it runs wherever they are not.
 */
import { type Dimension, type GraphBuilder, sameDimension, type Value } from "@amaas/graph";
import { reshapeLike, shapeOf, sizes } from "./sizes.ts";

/** `d`, which has the shape that `x` was broadcast to, summed to the shape of `x`. */
export function unbroadcast(g: GraphBuilder, d: Value, x: Value): Value {
  const [from, to] = [shapeOf(d), shapeOf(x)];
  const lead = from.length - to.length;
  const stretched = from.map((size, axis) => axis < lead || isStretched(size, to[axis - lead]!));
  if (stretched.includes(undefined)) return unbroadcastDynamic(g, d, x, lead);
  const axes = stretched.flatMap((is, axis) => (is ? [axis] : []));
  if (axes.length === 0) return d;
  const summed = g.reduceSum(d, axes, { keepdims: lead === 0 });
  return axes.length > lead && lead > 0 ? reshapeLike(g, summed, x) : summed;
}

/** Whether an axis of size `own` was stretched to `size`; undefined when that is seen only at run time. */
function isStretched(size: Dimension, own: Dimension): boolean | undefined {
  if (own === 1) return size !== 1;
  if (typeof own === "number" || size === 1 || sameDimension(size, own)) return false;
  return undefined;
}

/** The axes are found when the graph runs: those where the size of `x`, filled up with ones, is another. */
function unbroadcastDynamic(g: GraphBuilder, d: Value, x: Value, lead: number): Value {
  const own = sizes(g, x);
  const filled = lead > 0 ? g.concat([g.ints(new Array<number>(lead).fill(1)), own], 0) : own;
  const differs = g.not(g.equal(filled, g.shape(d)));
  const axes = g.squeeze(g.nonZero(differs), [0]);
  const summed = g.node("ReduceSum", [d, axes], { keepdims: 1, noop_with_empty_axes: 1 });
  return reshapeLike(g, summed, x);
}
