/** Gradient rules for reductions: what was folded together is spread out again. */
import { type GraphBuilder, sizeOf, type Value } from "@amaas/graph";
import { refuse } from "../refusal.ts";
import type { Backward, Rules } from "../rule.ts";
import { sizes } from "../sizes.ts";
import { product } from "./product.ts";
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

  ReduceProd: product,
  ReduceMax: extreme,
  ReduceMin: extreme,

  ReduceL1: ({ g, x: [a, axes], dy, attributes }) => [
    g.mul(withAxes(g, dy, axes, attributes), g.sign(a)),
    null,
  ],

  // da = dy a/y; where all elements are 0 the slope is taken to be 0, as PyTorch takes it.
  ReduceL2: ({ g, x: [a, axes], y, dy, attributes }) => {
    // Chosen before it is divided, so that no 0/0 is left for the gradient of this.
    const zero = g.scalar(0, y);
    const none = g.equal(y, zero);
    const scale = g.div(g.where(none, zero, dy), g.where(none, g.scalar(1, y), y));
    return [g.mul(a, withAxes(g, scale, axes, attributes)), null];
  },

  ReduceSumSquare: ({ g, x: [a, axes], dy, attributes }) => {
    const scale = g.mul(dy, g.scalar(2, dy));
    return [g.mul(a, withAxes(g, scale, axes, attributes)), null];
  },

  // da = dy / Σa, and y = log Σa
  ReduceLogSum: ({ g, x: [a, axes], y, dy, attributes }) => {
    const share = g.div(dy, g.exp(y));
    return [g.expand(withAxes(g, share, axes, attributes), sizes(g, a)), null];
  },

  // da = dy e^(a-y). Where every a is -infinity, so is y, and nothing flows.
  ReduceLogSumExp: ({ g, x: [a, axes], y, dy, attributes }) => {
    const empty = g.node("IsInf", [y], { detect_positive: 0 });
    const total = g.where(empty, g.scalar(0, y), y);
    const share = g.exp(g.sub(a, withAxes(g, total, axes, attributes)));
    return [g.mul(share, withAxes(g, dy, axes, attributes)), null];
  },

  ArgMax: zero1,
  ArgMin: zero1,
} satisfies Rules<
  | "ReduceSum"
  | "ReduceMean"
  | "ReduceProd"
  | "ReduceMax"
  | "ReduceMin"
  | "ReduceL1"
  | "ReduceL2"
  | "ReduceSumSquare"
  | "ReduceLogSum"
  | "ReduceLogSumExp"
  | "ArgMax"
  | "ArgMin"
>;

/** The elements that are furthest out share the gradient evenly when they are several, as in PyTorch's amax. */
function extreme({
  g,
  x: [a, axes],
  y,
  dy,
  attributes,
}: Backward<"ReduceMax"> | Backward<"ReduceMin">): readonly [Value, null] {
  const furthest = g.equal(a, withAxes(g, y, axes, attributes));
  const mask = g.cast(furthest, a.type!);
  const { noop_with_empty_axes } = attributes;
  const ties = g.node("ReduceSum", [mask, axes], { keepdims: 1, noop_with_empty_axes });
  return [g.mul(mask, g.div(withAxes(g, dy, axes, attributes), ties)), null];
}

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
