/** What the rules of normalizations share: the inverse spread, shares, and numbers for each channel. */
import { type GraphBuilder, sizeOf, type Value } from "@amaas/graph";
import { floatOf, shapeOf } from "../sizes.ts";

type Axes = readonly number[];

/** 1 / √(mean square + ε) over some axes. */
export function inverseRoot(g: GraphBuilder, x: Value, axes: Axes, epsilon: number): Value {
  return inverseSpread(g, g.reduceMean(g.mul(x, x), axes), epsilon);
}

/** 1 / √(variance + ε) */
export function inverseSpread(g: GraphBuilder, variance: Value, epsilon: number): Value {
  const root = g.sqrt(g.add(variance, g.scalar(epsilon, variance)));
  return g.node("Reciprocal", [root]);
}

/** 1 / how many elements of `whole` there are to each of `parts`. */
export function shareOf(g: GraphBuilder, whole: Value, parts: Value): Value {
  const [many, few] = [sizeOf(whole.shape), sizeOf(parts.shape)];
  if (many !== undefined && few !== undefined) return g.scalar(few / Math.max(many, 1), whole);
  const type = floatOf(whole);
  return g.div(g.cast(g.size(parts), type), g.cast(g.size(whole), type));
}

/** One number for each channel, in the shape that broadcasts along axis 1 of `x`. */
export function alongChannels(g: GraphBuilder, perChannel: Value, x: Value): Value {
  const behind = shapeOf(x).length - 2;
  if (behind <= 0) return perChannel;
  return g.unsqueeze(
    perChannel,
    Array.from({ length: behind }, (_, axis) => axis + 1),
  );
}
