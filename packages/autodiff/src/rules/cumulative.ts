/** Gradient rules for running totals. */
import type { Rules } from "../rule.ts";

export const cumulations = {
  // Each element counts in all totals from its own on: their gradients are summed from the other end.
  CumSum: ({ g, x: [, axis], dy, attributes: { exclusive, reverse } }) => [
    g.node("CumSum", [dy, axis], { exclusive, reverse: reverse ? 0 : 1 }),
    null,
  ],
} satisfies Rules<"CumSum">;
