import { expect, test } from "vitest";
import { squaresOfUpdate, sumOfSquares } from "./squares.ts";

const plainSum = (values: readonly number[]) => values.reduce((sum, value) => sum + value ** 2, 0);

test.each([0, 1, 2, 3, 4, 5, 7, 8, 19])("sums of squares of %d values", (length) => {
  const after = Array.from({ length }, (_, i) => Math.fround(Math.sin(i) * 10));
  const before = after.map((value, i) => Math.fround(value + Math.cos(7 * i)));
  const { weights, update } = squaresOfUpdate(Float32Array.from(after), Float32Array.from(before));
  const differences = after.map((value, i) => value - (before[i] ?? 0));
  expect(sumOfSquares(Float32Array.from(after))).toBeCloseTo(plainSum(after), 9);
  expect(weights).toBeCloseTo(plainSum(after), 9);
  expect(update).toBeCloseTo(plainSum(differences), 9);
});
