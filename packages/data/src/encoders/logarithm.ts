/**
 * Logarithms that are the same to the bit in a graph, in JavaScript and on any machine, which neither Math.log
 * nor the engine's Log promise: made of operations that IEEE 754 rounds correctly, in float64.
 *
 * For u = m 2^k with 1 <= m < 2 and s = (m - 1) / (m + 1) <= 1/3,
 * log u = k log 2 + 2 (s + s^3/3 + s^5/5 + …), whose terms shrink ninefold.
 */
import type { GraphBuilder, Value } from "@amaas/graph";
import { doubles } from "./constants.ts";

/** 1, 1/3, 1/5, …; what comes after is less than half a unit in the last place. */
const series = Array.from({ length: 18 }, (_, index) => 1 / (2 * index + 1));
/** 2, 4, 8, … beyond all of float32. */
const powers = Array.from({ length: 129 }, (_, index) => 2 ** (index + 1));

/** The natural logarithm of a number of at least 1. */
export function logarithm(u: number): number {
  let exponent = 0;
  while (exponent < powers.length && u >= powers[exponent]!) exponent++;
  const m = u / (exponent === 0 ? 1 : powers[exponent - 1]!);
  const s = (m - 1) / (m + 1);
  const square = s * s;
  let sum = series.at(-1)!;
  for (const term of series.slice(0, -1).reverse()) sum = sum * square + term;
  return exponent * Math.LN2 + 2 * s * sum;
}

/** sign(x) log(1 + |x|), which keeps 0 and the order of all numbers; of float32, in float32. */
export function signedLog(x: number): number {
  return Math.fround(Math.sign(x) * logarithm(1 + Math.abs(x)));
}

/** FP64 [rows, 1] of FP64 [rows, 1] of at least 1. */
export function logarithmOf(g: GraphBuilder, u: Value): Value {
  const reached = g.cast(g.greaterOrEqual(u, doubles(g, powers)), "INT64");
  const exponent = g.reduceSum(reached, [1]);
  const scales = g.constant({ ...vector([1, ...powers]), shape: [powers.length + 1] });
  const m = g.div(u, g.gather(scales, exponent));
  const one = g.scalar(1, u);
  const s = g.div(g.sub(m, one), g.add(m, one));
  const square = g.mul(s, s);
  let sum: Value = g.scalar(series.at(-1)!, u);
  for (const term of series.slice(0, -1).reverse())
    sum = g.add(g.mul(sum, square), g.scalar(term, u));
  const whole = g.mul(g.cast(exponent, "FP64"), g.scalar(Math.LN2, u));
  return g.add(whole, g.mul(g.mul(g.scalar(2, u), s), sum));
}

/** FP32 of FP32, both [rows, 1]. */
export function signedLogOf(g: GraphBuilder, x: Value): Value {
  const wide = g.cast(x, "FP64");
  const log = logarithmOf(g, g.add(g.abs(wide), g.scalar(1, wide)));
  return g.cast(g.mul(g.cast(g.sign(x), "FP64"), log), "FP32");
}

function vector(values: readonly number[]) {
  return { type: "FP64", data: Float64Array.from(values) } as const;
}
