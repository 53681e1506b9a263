/**
 * Gradient rules for element-wise operators.
 *
 * A rule is handed a node's inputs `x`, its output `y`, and `dy`, the gradient of the loss at `y`. It emits
 * nodes through `g` and returns one gradient per input, `null` where none flows. Summing a gradient over
 * broadcast axes is not a rule's business: `backward` does it once, for every operator.
 */
import type { GraphBuilder, Value } from "@amaas/graph";
import type { Rules } from "../rule.ts";
import { zero1 } from "./zero.ts";

export const elementwise = {
  Add: ({ dy }) => [dy, dy],
  Sub: ({ g, dy }) => [dy, g.neg(dy)],

  // d(ab) = b da + a db
  Mul: ({ g, x: [a, b], dy }) => [g.mul(dy, b), g.mul(dy, a)],

  // d(a/b) = da/b - (a/b) db/b, and y is already a/b
  Div: ({ g, x: [, b], y, dy }) => {
    const da = g.div(dy, b);
    return [da, g.neg(g.mul(da, y))];
  },

  // d(a^b) = b a^(b-1) da + a^b log(a) db. Where b is 0 the power is constant in a, and where a is not positive
  // it has no slope in b: both slopes are taken to be 0 there, which keeps 0 * infinity out.
  Pow: ({ g, x: [a, b], y, dy }) => {
    const exponent = sameType(g, b, a);
    const zero = g.scalar(0, a);
    const slope = g.mul(exponent, g.pow(a, g.sub(exponent, g.scalar(1, a))));
    const da = g.mul(dy, g.where(g.equal(exponent, zero), zero, slope));
    const positive = g.greater(a, zero);
    const log = g.log(g.where(positive, a, g.scalar(1, a)));
    const db = g.mul(dy, g.where(positive, g.mul(y, log), zero));
    return [da, sameType(g, db, b)];
  },

  Neg: ({ g, dy }) => [g.neg(dy)],
  Abs: ({ g, x: [a], dy }) => [g.mul(dy, g.sign(a))],
  Sign: zero1,
  Exp: ({ g, y, dy }) => [g.mul(dy, y)],
  Log: ({ g, x: [a], dy }) => [g.div(dy, a)],
  Sqrt: ({ g, y, dy }) => [g.div(dy, g.mul(g.scalar(2, y), y))],
  Tanh: ({ g, y, dy }) => [g.mul(dy, g.sub(g.scalar(1, y), g.mul(y, y)))],
  Sigmoid: ({ g, y, dy }) => [g.mul(dy, g.mul(y, g.sub(g.scalar(1, y), y)))],

  // At 0 the slope is taken to be 0, as PyTorch takes it.
  Relu: ({ g, x: [a], dy }) => [g.where(g.greater(a, g.scalar(0, a)), dy, g.scalar(0, dy))],
} satisfies Rules<
  | "Add"
  | "Sub"
  | "Mul"
  | "Div"
  | "Pow"
  | "Neg"
  | "Abs"
  | "Sign"
  | "Exp"
  | "Log"
  | "Sqrt"
  | "Tanh"
  | "Sigmoid"
  | "Relu"
>;

/** Pow alone lets its inputs differ in type. */
function sameType(g: GraphBuilder, value: Value, like: Value): Value {
  return value.type === like.type || !like.type ? value : g.cast(value, like.type);
}
