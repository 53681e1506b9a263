import { describe, expect, test } from "vitest";
import { labelScale } from "./index.ts";
import { medianOf, scaleOf } from "./statistics.ts";

describe("scale", () => {
  test("is the mean and the population's deviation of the chosen rows", () => {
    const values = Float32Array.of(2, 100, 4, 4, 4, 5, 5, 7, 9, -100);
    expect(labelScale(values, Uint32Array.of(0, 2, 3, 4, 5, 6, 7, 8))).toEqual({
      mean: 5,
      deviation: 2,
    });
  });

  test("does not divide by 0, nor by the rounding of a constant", () => {
    for (const value of [0, 0.1, 1e-40, -3e38, 16777216])
      expect(scaleOf(new Float32Array(1000).fill(value)).deviation).toBe(1);
    expect(scaleOf(new Float32Array()).deviation).toBe(1);
    expect(scaleOf(Float32Array.of(0, 1e-45)).deviation).toBe(1);
    expect(scaleOf(Float32Array.of(-3e38, 3e38)).deviation).toBeCloseTo(3e38, -36);
  });
});

describe("median", () => {
  test("is the middle of what is there", () => {
    expect(medianOf(Float32Array.of(5, 1, Number.NaN, 3))).toBe(3);
    expect(medianOf(Float32Array.of(10, 9, Number.NaN, 1, 2))).toBe(5.5);
    expect(medianOf(Float32Array.of(Number.NaN))).toBe(0);
  });
});
