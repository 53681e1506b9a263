import { expect, test } from "vitest";
import { type Look, minimize } from "./minimize.ts";

/** (1 - x)^2 + 100 (y - x^2)^2, a narrow bent valley with its least point at (1, 1) (Rosenbrock, 1960). */
async function valley([x = 0, y = 0]: Float64Array): Promise<Look> {
  const gradient = Float64Array.of(-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x));
  return { value: (1 - x) ** 2 + 100 * (y - x * x) ** 2, gradient };
}

test("the least point of a narrow valley", async () => {
  const [x, y] = await minimize(valley, Float64Array.of(-1.2, 1), { looks: 100, tolerance: 1e-9 });
  expect(x).toBeCloseTo(1, 8);
  expect(y).toBeCloseTo(1, 8);
});

test("an ill-conditioned bowl, whose elements differ a thousandfold", async () => {
  const scales = [1, 10, 100, 1000];
  const bowl = async (at: Float64Array): Promise<Look> => ({
    value: scales.reduce((sum, scale, i) => sum + (scale / 2) * (at[i]! - i) ** 2, 0),
    gradient: at.map((value, i) => scales[i]! * (value - i)),
  });
  const found = await minimize(bowl, new Float64Array(4), { looks: 60, tolerance: 1e-9 });
  found.forEach((value, i) => {
    expect(value).toBeCloseTo(i, 7);
  });
});

test("looks no oftener than it may, and never comes back worse", async () => {
  for (const looks of [1, 2, 3, 8, 20]) {
    let seen = 0;
    const counted = (at: Float64Array) => {
      seen++;
      return valley(at);
    };
    const start = Float64Array.of(-1.2, 1);
    const found = await minimize(counted, start, { looks, tolerance: 0 });
    expect(seen).toBe(looks);
    expect((await valley(found)).value).toBeLessThanOrEqual((await valley(start)).value);
  }
});
