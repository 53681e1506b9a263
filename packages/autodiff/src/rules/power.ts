/** The gradient of a power, and the exponents for which it is cheaper than another power. */
import type { GraphBuilder, Value } from "@amaas/graph";
import type { Rule } from "../rule.ts";
import { zerosLike } from "../sizes.ts";

/**
 * d(a^b) = b a^(b-1) da + a^b log(a) db. Where b is 0 the power is constant in a, and where a is not positive it
 * has no slope in b: both slopes are taken to be 0 there, which keeps 0 * infinity out.
 */
export const power: Rule<"Pow"> = ({ g, x: [a, b], y, dy, wanted }) => [
  wanted[0] ? toBase(g, a, b, y, dy) : null,
  wanted[1] ? toExponent(g, a, b, y, dy) : null,
];

function toBase(g: GraphBuilder, a: Value, b: Value, y: Value, dy: Value): Value {
  const constant = b.content?.length === 1 ? b.content[0] : undefined;
  if (typeof constant === "number") return toBaseOf(g, a, constant, y, dy);
  const exponent = sameType(g, b, a);
  const zero = g.scalar(0, a);
  const slope = g.mul(exponent, g.pow(a, g.sub(exponent, g.scalar(1, a))));
  return g.mul(dy, g.where(g.equal(exponent, zero), zero, slope));
}

function toBaseOf(g: GraphBuilder, a: Value, n: number, y: Value, dy: Value): Value {
  if (n === 0) return zerosLike(g, a);
  if (n === 1) return dy;
  const scaled = g.mul(dy, g.scalar(n, dy));
  if (n === 0.5) return g.div(scaled, y);
  // a^(n-1) = a^n / a, except where a is 0 and the power is not infinite.
  if (n < 0) return g.mul(scaled, g.div(y, a));
  if (n === 2) return g.mul(scaled, a);
  if (n === 3) return g.mul(scaled, g.mul(a, a));
  return g.mul(scaled, g.pow(a, g.scalar(n - 1, a)));
}

function toExponent(g: GraphBuilder, a: Value, b: Value, y: Value, dy: Value): Value {
  const zero = g.scalar(0, a);
  const positive = g.greater(a, zero);
  const log = g.log(g.where(positive, a, g.scalar(1, a)));
  return sameType(g, g.mul(dy, g.where(positive, g.mul(y, log), zero)), b);
}

/** Pow alone lets its inputs differ in type. */
function sameType(g: GraphBuilder, value: Value, like: Value): Value {
  return value.type === like.type || !like.type ? value : g.cast(value, like.type);
}
