/**
 * left += right, in float32: the double sum of two floats rounds to the float sum.
 *
 * Four at a time takes V8 two thirds of the time, and gives the same bits: every element is a sum of its own.
 */
export function addInto(left: Float32Array, right: Float32Array): void {
  const { length } = left;
  const quads = length - (length % 4);
  for (let i = 0; i < quads; i += 4) {
    const a = left[i]! + right[i]!;
    const b = left[i + 1]! + right[i + 1]!;
    const c = left[i + 2]! + right[i + 2]!;
    const d = left[i + 3]! + right[i + 3]!;
    left[i] = a;
    left[i + 1] = b;
    left[i + 2] = c;
    left[i + 3] = d;
  }
  for (let i = quads; i < length; i++) left[i] = left[i]! + right[i]!;
}
