/** Gradient rules for operators that change type or shape: the gradient takes the way back. */
import { isFloat } from "@amaas/graph";
import type { Rules } from "../rule.ts";
import { reshapeLike } from "../sizes.ts";
import { zero1 } from "./zero.ts";

export const layout = {
  Identity: ({ dy }) => [dy],
  Cast: ({ g, x: [a], dy }) => [a.type && isFloat(a.type) ? g.cast(dy, a.type) : null],
  CastLike: ({ g, x: [a], dy }) => [a.type && isFloat(a.type) ? g.cast(dy, a.type) : null, null],
  Shape: zero1,
  Size: zero1,
  ConstantOfShape: zero1,
  Reshape: ({ g, x: [a], dy }) => [reshapeLike(g, dy, a), null],
  Flatten: ({ g, x: [a], dy }) => [reshapeLike(g, dy, a)],
  Squeeze: ({ g, x: [a], dy }) => [reshapeLike(g, dy, a), null],
  Unsqueeze: ({ g, x: [a], dy }) => [reshapeLike(g, dy, a), null],

  Transpose: ({ g, dy, attributes: { perm } }) => {
    if (!perm) return [g.transpose(dy)];
    const back = perm.map((_, axis) => perm.indexOf(axis));
    return [g.transpose(dy, back)];
  },

  // An expansion is a broadcast, and those are summed for every operator alike.
  Expand: ({ dy }) => [dy, null],
} satisfies Rules<
  | "Identity"
  | "Cast"
  | "CastLike"
  | "Shape"
  | "Size"
  | "ConstantOfShape"
  | "Reshape"
  | "Flatten"
  | "Squeeze"
  | "Unsqueeze"
  | "Transpose"
  | "Expand"
>;
