/**
 * Gradient rules for element-wise operators.
 *
 * A rule is handed a node's inputs `x`, its output `y`, and `dy`, the gradient of the loss at `y`. It emits
 * nodes through `g` and returns one gradient per input, `null` where none flows. Summing a gradient over
 * broadcast axes is not a rule's business: `backward` does it once, for every operator.
 */
import type { Rules } from "../rule.ts";
import { clip, extreme } from "./extreme.ts";
import { power } from "./power.ts";
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

  // y = a - t b with t = trunc(a/b), which has no slope: d = da - t db
  Mod: ({ g, x: [a, b], y, dy }) => [dy, g.mul(dy, g.div(g.sub(y, a), b))],

  Pow: power,

  Sum: ({ x, dy }) => x.map(() => dy),
  Mean: ({ g, x, dy }) => {
    const share = x.length === 1 ? dy : g.mul(dy, g.scalar(1 / x.length, dy));
    return x.map(() => share);
  },
  Min: extreme,
  Max: extreme,

  Neg: ({ g, dy }) => [g.neg(dy)],
  Abs: ({ g, x: [a], dy }) => [g.mul(dy, g.sign(a))],
  Sign: zero1,
  Floor: zero1,
  Ceil: zero1,
  Round: zero1,
  // d(1/a) = -da/a²
  Reciprocal: ({ g, y, dy }) => [g.neg(g.mul(g.mul(dy, y), y))],
  Exp: ({ g, y, dy }) => [g.mul(dy, y)],
  Log: ({ g, x: [a], dy }) => [g.div(dy, a)],
  Sqrt: ({ g, y, dy }) => [g.div(dy, g.mul(g.scalar(2, y), y))],

  // 2/√π e^(-a²) = e^(log(2/√π) - a²)
  Erf: ({ g, x: [a], dy }) => {
    const exponent = g.sub(g.scalar(Math.log(2 / Math.sqrt(Math.PI)), a), g.mul(a, a));
    return [g.mul(dy, g.exp(exponent))];
  },

  // dy (1 - y²) and dy y (1 - y), with dy in every node: what depends on y alone would be computed, and kept, before any
  // gradient is there.
  Tanh: ({ g, y, dy }) => [g.sub(dy, g.mul(g.mul(dy, y), y))],
  Sigmoid({ g, y, dy }) {
    const d = g.mul(dy, y);
    return [g.sub(d, g.mul(d, y))];
  },

  // At 0 the slope is taken to be 0, as PyTorch takes it. The output is asked, so that the input may be forgotten.
  Relu: ({ g, y, dy }) => [g.where(g.cast(y, "BOOL"), dy, g.scalar(0, dy))],

  Clip: clip,
} satisfies Rules<
  | "Add"
  | "Sub"
  | "Mul"
  | "Div"
  | "Mod"
  | "Pow"
  | "Sum"
  | "Mean"
  | "Min"
  | "Max"
  | "Neg"
  | "Abs"
  | "Sign"
  | "Floor"
  | "Ceil"
  | "Round"
  | "Reciprocal"
  | "Exp"
  | "Log"
  | "Sqrt"
  | "Erf"
  | "Tanh"
  | "Sigmoid"
  | "Relu"
  | "Clip"
>;
