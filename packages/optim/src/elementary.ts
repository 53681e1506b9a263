/**
 * Cosine and powers out of additions, products, quotients and square roots alone, which IEEE 754
 * rounds in one way: the same bits on every machine and with every version of the engine, as
 * `Math.cos` and `Math.pow` do not promise. They serve once a step, so that no table is worth it.
 */

/**
 * base^exponent for base >= 0 and exponent >= 0: the exponent's binary digits say which of base,
 * base^2, base^4, … and which of its square roots are factors.
 */
export function power(base: number, exponent: number): number {
  let whole = Math.floor(exponent);
  let part = exponent - whole;
  let result = 1;
  for (let square = base; whole > 0; square *= square) {
    if (whole % 2 === 1) result *= square;
    whole = Math.floor(whole / 2);
  }
  for (let root = Math.sqrt(base); part > 0; root = Math.sqrt(root)) {
    part *= 2;
    if (part < 1) continue;
    result *= root;
    part -= 1;
  }
  return result;
}

/** cos(pi x) for 0 <= x <= 1. */
export function cosPi(x: number): number {
  if (x > 0.5) return -cosPi(1 - x);
  // Differences are exact here, and no series has to reach further than pi / 4.
  return x > 0.25 ? series(Math.PI * (0.5 - x), 1) : series(Math.PI * x, 0);
}

/** sin y with odd = 1, cos y with odd = 0: y^odd / odd! - y^(odd+2) / (odd+2)! + … */
function series(y: number, odd: 0 | 1): number {
  let term = odd === 1 ? y : 1;
  let sum = term;
  for (let k = odd; k < 20; k += 2) {
    term *= -(y * y) / ((k + 1) * (k + 2));
    sum += term;
  }
  return sum;
}
