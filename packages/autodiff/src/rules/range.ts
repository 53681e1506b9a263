/** Gradient rules for operators that make a tensor out of little. How many elements there are does not vary smoothly. */
import type { Rules } from "../rule.ts";
import { zero1 } from "./zero.ts";

export const ranges = {
  // y_i = start + i delta
  Range: ({ g, x: [start, , delta], y, dy, wanted }) => {
    const all = { keepdims: false };
    const counted = wanted[2] ? g.div(g.sub(y, start), delta) : undefined;
    return [
      wanted[0] ? g.reduceSum(dy, undefined, all) : null,
      null,
      counted ? g.reduceSum(g.mul(dy, counted), undefined, all) : null,
    ];
  },

  EyeLike: zero1,
} satisfies Rules<"Range" | "EyeLike">;
