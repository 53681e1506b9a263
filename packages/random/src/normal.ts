/**
 * Normally distributed numbers, each a pure function of its key and its place.
 *
 * A uniform number goes through the inverse of the normal distribution: Wichura, 1988, Algorithm AS 241 (PPND16),
 * right to about 1e-16. That takes a logarithm, which is made here of sums, products and quotients: `Math.log` may
 * differ in its last bit from engine to engine.
 */
import type { Key } from "./philox.ts";
import { uniform } from "./uniform.ts";

/** The number at place `counter` (0 to 2^53): mean 0, deviation 1. */
export function normal(key: Key, counter: number): number {
  return inverseNormal(Math.max(uniform(key, counter), 2 ** -54));
}

/** What a normal number is below with probability p, for 0 < p < 1. */
export function inverseNormal(p: number): number {
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) return q * quotient(centre, 0.180625 - q * q);
  const r = Math.sqrt(-naturalLogarithm(q < 0 ? p : 1 - p));
  const size = r <= 5 ? quotient(flank, r - 1.6) : quotient(tail, r - 5);
  return q < 0 ? -size : size;
}

/** Of a number that is neither tiny nor huge: log(m 2^e) = 2 atanh((m - 1) / (m + 1)) + e log 2. */
export function naturalLogarithm(x: number): number {
  let m = x;
  let e = 0;
  for (; m < Math.SQRT1_2; e--) m *= 2;
  for (; m > Math.SQRT2; e++) m /= 2;
  const z = (m - 1) / (m + 1);
  const square = z * z;
  // |z| < 0.172, so that the first term left out is below 1e-17 of the sum.
  let sum = 0;
  for (let power = 21; power > 0; power -= 2) sum = sum * square + 1 / power;
  return 2 * z * sum + e * Math.LN2;
}

/** Coefficients of a numerator and a denominator, from the power 0 up. */
type Fraction = readonly [readonly number[], readonly number[]];

function quotient([above, below]: Fraction, x: number): number {
  return polynomial(above, x) / polynomial(below, x);
}

function polynomial(coefficients: readonly number[], x: number): number {
  return coefficients.reduceRight((sum, coefficient) => sum * x + coefficient, 0);
}

const centre: Fraction = [
  [
    3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946,
    45921.95393154987, 67265.7709270087, 33430.57558358813, 2509.0809287301227,
  ],
  [
    1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597,
    39307.89580009271, 28729.085735721943, 5226.495278852854,
  ],
];
const flank: Fraction = [
  [
    1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045,
    1.2704582524523684, 0.2417807251774506, 0.022723844989269184, 0.0007745450142783414,
  ],
  [
    1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008,
    0.015198666563616457, 0.0005475938084995345, 1.0507500716444169e-9,
  ],
];
const tail: Fraction = [
  [
    6.657904643501103, 5.463784911164114, 1.7848265399172913, 0.29656057182850487,
    0.026532189526576124, 0.0012426609473880784, 2.7115555687434876e-5, 2.0103343992922881e-7,
  ],
  [
    1, 0.599832206555888, 0.1369298809227358, 0.014875361290850615, 0.0007868691311456133,
    1.8463183175100548e-5, 1.421511758316446e-7, 2.0442631033899397e-15,
  ],
];
