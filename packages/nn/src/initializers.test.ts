import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type Initialization, initialValues } from "./index.ts";

const shape = [300, 200];

function valuesOf(init: Initialization, of: readonly number[] = shape): Float32Array {
  return initialValues([{ name: "weight", shape: of, init }], 5);
}

function momentsOf(values: Float32Array) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const of = (power: number) =>
    values.reduce((sum, value) => sum + (value - mean) ** power, 0) / values.length;
  return { mean, deviation: Math.sqrt(of(2)), kurtosis: of(4) / of(2) ** 2 };
}

describe("moments", () => {
  test.each([
    ["glorot-uniform", Math.sqrt(2 / 500), 1.8],
    ["glorot-normal", Math.sqrt(2 / 500), 3],
    ["he-uniform", Math.sqrt(2 / 300), 1.8],
    ["he-normal", Math.sqrt(2 / 300), 3],
    [{ type: "normal", std: 0.02 }, 0.02, 3],
    // Of a normal distribution cut off at 2 deviations.
    [{ type: "truncated-normal", std: 0.02 }, 0.02 * 0.8796256610342398, 2.3654],
  ] as const)("of %j", (init, deviation, kurtosis) => {
    const found = momentsOf(valuesOf(init));
    // Of 60,000 numbers; four deviations of what chance does to each.
    expect(Math.abs(found.mean)).toBeLessThan((4 * deviation) / Math.sqrt(60_000));
    expect(Math.abs(found.deviation / deviation - 1)).toBeLessThan(0.012);
    expect(Math.abs(found.kurtosis - kurtosis)).toBeLessThan(0.08);
  });
});

test("truncated numbers lie within two deviations", () => {
  const most = valuesOf({ type: "truncated-normal", std: 1 }).reduce(
    (size, value) => Math.max(size, Math.abs(value)),
    0,
  );
  expect(most).toBeLessThanOrEqual(2);
  expect(most).toBeGreaterThan(1.99);
});

test("the weights of a convolution count the taps of their window", () => {
  // [out, in, height, width]: each output is made of 8 * 25 numbers.
  const { deviation } = momentsOf(valuesOf("he-normal", [64, 8, 5, 5]));
  expect(deviation / Math.sqrt(2 / 200)).toBeCloseTo(1, 1);
});

test.each([[[40, 40]], [[24, 40]], [[40, 24]], [[12, 4, 3, 3]]])(
  "an orthogonal matrix of shape %j",
  (of) => {
    const values = valuesOf("orthogonal", of);
    const rows = of[0]!;
    const columns = values.length / rows;
    const [count, length] = rows <= columns ? [rows, columns] : [columns, rows];
    const at = (vector: number, place: number) =>
      rows <= columns ? values[vector * columns + place]! : values[place * columns + vector]!;
    for (let a = 0; a < count; a++)
      for (let b = 0; b <= a; b++) {
        let product = 0;
        for (let place = 0; place < length; place++) product += at(a, place) * at(b, place);
        expect(Math.abs(product - Number(a === b))).toBeLessThan(3e-7);
      }
  },
);

test("zeros and ones", () => {
  expect(new Set(valuesOf("zeros"))).toEqual(new Set([0]));
  expect(new Set(valuesOf("ones"))).toEqual(new Set([1]));
});

test("every bit is the same on every machine", () => {
  const hash = (init: Initialization) =>
    createHash("sha256")
      .update(valuesOf(init, [60, 40]))
      .digest("hex")
      .slice(0, 16);
  expect({
    glorotUniform: hash("glorot-uniform"),
    glorotNormal: hash("glorot-normal"),
    heUniform: hash("he-uniform"),
    heNormal: hash("he-normal"),
    normal: hash({ type: "normal", std: 0.02 }),
    truncatedNormal: hash({ type: "truncated-normal", std: 0.02 }),
    orthogonal: hash("orthogonal"),
  }).toMatchInlineSnapshot(`
    {
      "glorotNormal": "b2992b669f04f996",
      "glorotUniform": "9e4190368ba7f675",
      "heNormal": "6300068779e2dc8c",
      "heUniform": "d8556d32e7427bbf",
      "normal": "7920b63de0f402e2",
      "orthogonal": "0daf1ad0d94e1986",
      "truncatedNormal": "2e90b6b38b68ceba",
    }
  `);
});
