import { expect, test } from "vitest";
import { buildNetwork, initialValues, layout, type Parameter } from "./index.ts";

const { parameters } = buildNetwork(
  { type: "mlp", hidden: [8, 6], activation: "relu" },
  { features: 5, outputs: 3 },
);

test("parameters lie one after the other, sorted by name", () => {
  expect(layout(parameters.toReversed())).toEqual([
    { name: "layer0/bias", shape: [8], offset: 0, length: 8 },
    { name: "layer0/weight", shape: [5, 8], offset: 8, length: 40 },
    { name: "layer1/bias", shape: [6], offset: 48, length: 6 },
    { name: "layer1/weight", shape: [8, 6], offset: 54, length: 48 },
    { name: "layer2/bias", shape: [3], offset: 102, length: 3 },
    { name: "layer2/weight", shape: [6, 3], offset: 105, length: 18 },
  ]);
  const order = ["layer10/a", "layer2/a", "Layer/a"].map((name) => ({ name, shape: [1] }));
  expect(layout(order).map(({ name }) => name)).toEqual(["Layer/a", "layer10/a", "layer2/a"]);
});

test("initial values are a function of names, shapes and seed", () => {
  const values = initialValues(parameters, 7);
  expect(values.length).toBe(123);
  expect(initialValues(parameters.toReversed(), 7)).toEqual(values);
  expect(initialValues(parameters, 8)).not.toEqual(values);
  expect(Array.from(values.subarray(8, 12))).toMatchInlineSnapshot(`
    [
      0.43887239694595337,
      0.036270495504140854,
      -0.6731086373329163,
      0.7202146053314209,
    ]
  `);
});

test("weights are uniform within the range of their initialization, biases zero", () => {
  const wide: Parameter[] = [
    { name: "bias", shape: [4], init: "zeros" },
    { name: "glorot", shape: [300, 200], init: "glorot-uniform" },
    { name: "he", shape: [300, 200], init: "he-uniform" },
  ];
  const vector = initialValues(wide, 0);
  const [bias, glorot, he] = layout(wide).map(({ offset, length }) =>
    vector.subarray(offset, offset + length),
  );
  expect(bias).toEqual(new Float32Array(4));
  for (const [values, limit] of [
    [glorot!, Math.sqrt(6 / 500)],
    [he!, Math.sqrt(6 / 300)],
  ] as const) {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + value ** 2, 0) / values.length;
    expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(Math.fround(limit));
    expect(Math.max(...values.map(Math.abs))).toBeGreaterThan(0.99 * limit);
    expect(Math.abs(mean)).toBeLessThan(0.01 * limit);
    expect(variance / (limit ** 2 / 3)).toBeCloseTo(1, 1);
  }
});
