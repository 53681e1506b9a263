import { expect, test } from "vitest";
import { allFinite } from "./all-finite.ts";

test("one value that is not finite is found wherever it is", () => {
  const values = Float32Array.from({ length: 9 }, (_, i) => (i - 4) * 10 ** (i * 4));
  values[0] = 3.4028234663852886e38;
  values[1] = 1e-45;
  values[2] = -0;
  expect(allFinite(values)).toBe(true);
  expect(allFinite(new Float32Array())).toBe(true);
  // No sum of the largest ones overflows, and infinities of both signs do not cancel.
  expect(allFinite(new Float32Array(1_000).fill(3.4028234663852886e38))).toBe(true);
  expect(
    allFinite(Float32Array.of(Number.POSITIVE_INFINITY, 0, 0, 0, Number.NEGATIVE_INFINITY)),
  ).toBe(false);
  for (const odd of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
    values.forEach((_, i) => {
      const changed = values.slice();
      changed[i] = odd;
      expect(allFinite(changed)).toBe(false);
      // Also where the vector is a part of another one.
      expect(allFinite(changed.subarray(i + 1))).toBe(true);
      expect(allFinite(changed.subarray(i, i + 1))).toBe(false);
    });
});
