/** The error function, to the last digits of float64: a series near zero, a continued fraction in the tails. */

const twoOverRootPi = 2 / Math.sqrt(Math.PI);

export function erf(x: number): number {
  const size = Math.abs(x);
  if (size >= 7) return Math.sign(x);
  return Math.sign(x) * (size >= 2.5 ? 1 - complement(size) : series(size));
}

/** 2/√π e^(-x²) Σ 2^n x^(2n+1) / (1·3·5···(2n+1)): no term is negative, so none cancels another. */
function series(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; term > sum * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return twoOverRootPi * Math.exp(-x * x) * sum;
}

/** e^(-x²)/√π / (x + 1/2 / (x + 1 / (x + 3/2 / (x + ...)))) */
function complement(x: number): number {
  let fraction = x;
  for (let n = 60; n >= 1; n--) fraction = x + n / 2 / fraction;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction;
}
