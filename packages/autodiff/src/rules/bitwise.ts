/** Operators on bits are for integers, which do not vary smoothly: nothing flows through them. */
import type { Rules } from "../rule.ts";
import { zero1, zero2 } from "./zero.ts";

export const bitwise = {
  BitShift: zero2,
  BitwiseAnd: zero2,
  BitwiseOr: zero2,
  BitwiseXor: zero2,
  BitwiseNot: zero1,
} satisfies Rules<"BitShift" | "BitwiseAnd" | "BitwiseOr" | "BitwiseXor" | "BitwiseNot">;
