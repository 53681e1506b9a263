/** Gradient rules for operators that choose elements: the gradient goes back to where each was taken from. */
import { refuse } from "../refusal.ts";
import type { Rules } from "../rule.ts";
import { positionsOf, scatterFlat, zerosLike } from "../sizes.ts";

export const sorts = {
  // Of equal elements the first is taken, here as in the forward pass.
  TopK: ({ g, x: [x], y: [values], dy: [d], attributes: { axis } }) => {
    if (!d || !values) return [null, null];
    const indices = g.outputOf(values, 1);
    const attributes = { axis, reduction: "add" } as const;
    return [g.scatterElements(zerosLike(g, x), indices, d, attributes), null];
  },

  Compress: ({ g, x: [x, condition], dy, attributes: { axis } }) => {
    const all = positionsOf(g, x);
    return [scatterFlat(g, x, g.node("Compress", [all, condition], { axis }), dy), null];
  },

  Unique: ({ dy: [d] }) => {
    if (d)
      refuse(
        "elements that are equal by chance have no slope apart; take the indices of Unique and gather by them",
      );
    return [null];
  },
} satisfies Rules<"TopK" | "Compress" | "Unique">;
