/** Gradient rules for reductions: what was folded together is spread out again. */
import { type GraphBuilder, sizeOf, type Value } from "@amaas/graph";
import { refuse } from "../refusal.ts";
import type { Rules } from "../rule.ts";
import { sizes } from "../sizes.ts";
import { zero1 } from "./zero.ts";

interface Reduction {
  readonly keepdims: number;
  readonly noop_with_empty_axes: number;
}

export const reductions = {
  ReduceSum: ({ g, x: [a, axes], dy, attributes }) => [
    g.expand(withAxes(g, dy, axes, attributes), sizes(g, a)),
    null,
  ],

  ReduceMean: ({ g, x: [a, axes], y, dy, attributes }) => {
    const share = g.mul(dy, reducedShare(g, a, y));
    return [g.expand(withAxes(g, share, axes, attributes), sizes(g, a)), null];
  },

  // The largest elements share the gradient evenly when they are several, as in PyTorch's amax.
  ReduceMax: ({ g, x: [a, axes], y, dy, attributes }) => {
    const largest = g.equal(a, withAxes(g, y, axes, attributes));
    const mask = g.cast(largest, a.type!);
    const { noop_with_empty_axes } = attributes;
    const ties = g.node("ReduceSum", [mask, axes], { keepdims: 1, noop_with_empty_axes });
    return [g.mul(mask, g.div(withAxes(g, dy, axes, attributes), ties)), null];
  },

  ArgMax: zero1,
} satisfies Rules<"ReduceSum" | "ReduceMean" | "ReduceMax" | "ArgMax">;

/** The reduced axes put back with size 1, so that what was reduced broadcasts against what it was reduced from. */
function withAxes(
  g: GraphBuilder,
  reduced: Value,
  axes: Value | undefined,
  { keepdims, noop_with_empty_axes }: Reduction,
): Value {
  // Without axes either everything went, and a scalar broadcasts as it is, or nothing did.
  if (keepdims || !axes) return reduced;
  const count = axes.shape?.[0];
  if (count === 0) return reduced;
  if (typeof count !== "number" && !noop_with_empty_axes)
    refuse("how many axes it reduces is not known; make them constant, or keep them (keepdims=1)");
  return g.unsqueeze(reduced, axes);
}

/** 1 / how many elements went into each mean. */
function reducedShare(g: GraphBuilder, x: Value, y: Value): Value {
  const [from, to] = [sizeOf(x.shape), sizeOf(y.shape)];
  if (from !== undefined && to !== undefined) return g.scalar(to / Math.max(from, 1), x);
  return g.div(g.cast(g.size(y), x.type!), g.cast(g.size(x), x.type!));
}
