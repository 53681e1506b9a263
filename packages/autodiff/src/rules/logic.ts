/** Gradient rules for comparisons and choice. A boolean does not vary smoothly, so nothing flows through one. */
import type { Rules } from "../rule.ts";
import { zero1, zero2 } from "./zero.ts";

export const logic = {
  Greater: zero2,
  GreaterOrEqual: zero2,
  Less: zero2,
  LessOrEqual: zero2,
  Equal: zero2,
  And: zero2,
  Or: zero2,
  Xor: zero2,
  Not: zero1,
  IsNaN: zero1,
  IsInf: zero1,

  Where: ({ g, x: [condition], dy }) => {
    const zero = g.scalar(0, dy);
    return [null, g.where(condition, dy, zero), g.where(condition, zero, dy)];
  },
} satisfies Rules<
  | "Greater"
  | "GreaterOrEqual"
  | "Less"
  | "LessOrEqual"
  | "Equal"
  | "And"
  | "Or"
  | "Xor"
  | "Not"
  | "IsNaN"
  | "IsInf"
  | "Where"
>;
