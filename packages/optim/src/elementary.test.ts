import fc from "fast-check";
import { expect, test } from "vitest";
import { cosPi, power } from "./elementary.ts";

const share = fc.double({ min: 0, max: 1, noNaN: true });

test("powers agree with Math.pow", () => {
  fc.assert(
    fc.property(share, fc.double({ min: 0, max: 100, noNaN: true }), (base, exponent) => {
      const wanted = base ** exponent;
      if (wanted < 1e-300) expect(power(base, exponent)).toBeLessThan(1e-299);
      else expect(Math.abs(power(base, exponent) / wanted - 1)).toBeLessThan(1e-12);
    }),
    { numRuns: 1000 },
  );
});

test("powers at the ends are exact", () => {
  expect([power(0, 0), power(0, 0.5), power(1, 7.3), power(0.5, 1), power(3, 0)]).toEqual([
    1, 0, 1, 0.5, 1,
  ]);
  expect(power(0.9, 0)).toBe(1);
  expect(power(0.25, 0.5)).toBe(0.5);
  expect(power(2, 10)).toBe(1024);
  expect(power(0.99, 1e8)).toBe(0);
});

test("the cosine agrees with Math.cos, and is exact at the ends and in the middle", () => {
  fc.assert(
    fc.property(share, (x) => {
      expect(Math.abs(cosPi(x) - Math.cos(Math.PI * x))).toBeLessThan(4e-16);
    }),
    { numRuns: 1000 },
  );
  expect([cosPi(0), cosPi(0.5), cosPi(1)]).toEqual([1, 0, -1]);
});
