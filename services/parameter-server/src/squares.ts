/**
 * Sums of squares, from which norms are shown. In float64, four at a time: a chain of additions would
 * wait for each other. Their last bits follow from how the parameters are cut, and nothing else does.
 */

export function sumOfSquares(values: Float32Array): number {
  const { length } = values;
  const quads = length - (length % 4);
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let i = 0; i < quads; i += 4) {
    a += values[i]! * values[i]!;
    b += values[i + 1]! * values[i + 1]!;
    c += values[i + 2]! * values[i + 2]!;
    d += values[i + 3]! * values[i + 3]!;
  }
  for (let i = quads; i < length; i++) a += values[i]! * values[i]!;
  return a + b + (c + d);
}

/** Of what has become of the weights, and of what was added to them. */
export function squaresOfUpdate(
  after: Float32Array,
  before: Float32Array,
): { weights: number; update: number } {
  const { length } = after;
  const pairs = length - (length % 2);
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let i = 0; i < pairs; i += 2) {
    const first = after[i]!;
    const second = after[i + 1]!;
    const toFirst = first - before[i]!;
    const toSecond = second - before[i + 1]!;
    a += first * first;
    b += second * second;
    c += toFirst * toFirst;
    d += toSecond * toSecond;
  }
  for (let i = pairs; i < length; i++) {
    a += after[i]! * after[i]!;
    c += (after[i]! - before[i]!) * (after[i]! - before[i]!);
  }
  return { weights: a + b, update: c + d };
}
