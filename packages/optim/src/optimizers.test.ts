import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createOptimizer, type Optimizer, type OptimizerSpec } from "./index.ts";

const sgd: OptimizerSpec = {
  type: "sgd",
  learningRate: 0.1,
  momentum: 0,
  nesterov: false,
  weightDecay: 0,
};
const adam: OptimizerSpec = {
  type: "adam",
  learningRate: 0.01,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
};
const adamw: OptimizerSpec = { ...adam, type: "adamw", weightDecay: 0.1 };

const start = [0.5, -1.25, 2, 0];
/** Sums over four samples, one row per step. */
const gradients = [
  [2, -4, 0.5, 0],
  [-1, 3, 8, 0.25],
  [0.125, -0.5, -2, 1],
];

function train(
  optimizer: Optimizer,
  weights: Float32Array,
  steps: readonly Float32Array[],
  samples: number,
  cuts: readonly number[] = [],
): Float32Array[] {
  const slots = Array.from({ length: optimizer.slots }, () => new Float32Array(weights.length));
  const bounds = [0, ...cuts, weights.length];
  let scalars = optimizer.scalars();
  for (const gradient of steps) {
    scalars = optimizer.advance(scalars);
    for (let i = 1; i < bounds.length; i++) {
      const of = (vector: Float32Array) => vector.subarray(bounds[i - 1], bounds[i]);
      const range = { weights: of(weights), gradient: of(gradient), slots: slots.map(of) };
      optimizer.update(range, samples, scalars);
    }
  }
  return [weights, ...slots];
}

// PyTorch's formulas (torch.optim 2.x documentation), three steps in 60-digit decimal arithmetic.
describe.each<[string, OptimizerSpec, number[]]>([
  ["sgd", sgd, [0.471875, -1.2125, 1.8375, -0.03125]],
  [
    "sgd with weight decay",
    { ...sgd, weightDecay: 0.01 },
    [0.4704514495, -1.20887864875, 1.8317309855, -0.03124375],
  ],
  [
    "sgd with momentum",
    { ...sgd, momentum: 0.9, weightDecay: 0.01 },
    [0.4062373495, -1.10229839875, 1.6251620855, -0.03686875],
  ],
  [
    "sgd with Nesterov momentum",
    { ...sgd, momentum: 0.9, nesterov: true, weightDecay: 0.01 },
    [0.3862692576205, -1.07631449052625, 1.4947929415445, -0.0644149375],
  ],
  ["adam", adam, [0.484924180858118, -1.23778353770506, 1.97781920247729, -0.0150334070658424]],
  [
    "adam with weight decay",
    { ...adam, weightDecay: 0.1 },
    [0.482535379357602, -1.23485608617473, 1.97613060850698, -0.015036235740953],
  ],
  [
    "adam with other rates",
    { ...adam, beta1: 0.5, beta2: 0.75, epsilon: 0.1 },
    [0.491203431897731, -1.24263437335005, 1.98356704241186, -0.00882189202437741],
  ],
  ["adamw", adamw, [0.483448333728047, -1.23405816970493, 1.97185303512947, -0.0150259656992901]],
])("%s", (_, spec, expected) => {
  test("agrees with the formula in decimal arithmetic", () => {
    const [weights] = train(
      createOptimizer(spec),
      Float32Array.from(start),
      gradients.map((row) => Float32Array.from(row)),
      4,
    );
    weights!.forEach((weight, i) => {
      expect(Math.abs(weight - expected[i]!)).toBeLessThan(3e-7 * Math.max(1, Math.abs(weight)));
    });
  });

  test("any cut of the vector gives the same bits", () => {
    const value = fc.float({ noNaN: true, min: -100, max: 100 });
    const vector = fc.array(value, { minLength: 9, maxLength: 9 });
    const cut = fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 }));
    fc.assert(
      fc.property(vector, vector, vector, cut, (initial, first, second, cuts) => {
        const steps = [Float32Array.from(first), Float32Array.from(second)];
        const run = (at: number[]) =>
          train(createOptimizer(spec), Float32Array.from(initial), steps, 7, at);
        expect(run(cuts.toSorted((a, b) => a - b))).toEqual(run([]));
      }),
      { numRuns: 50 },
    );
  });

  test("a step follows from its state alone", () => {
    const optimizer = createOptimizer(spec);
    const steps = gradients.map((row) => Float32Array.from(row));
    const whole = train(optimizer, Float32Array.from(start), steps, 4);

    const [weights, ...slots] = train(optimizer, Float32Array.from(start), steps.slice(0, 2), 4);
    let scalars = optimizer.advance(optimizer.advance(optimizer.scalars()));
    scalars = optimizer.advance(JSON.parse(JSON.stringify(scalars)));
    optimizer.update({ weights: weights!, gradient: steps[2]!, slots }, 4, scalars);
    expect([weights, ...slots]).toEqual(whole);
  });
});

test("each optimizer finds the minimum of a quadratic", () => {
  const target = [3, -2, 0.5];
  for (const spec of [
    sgd,
    { ...sgd, momentum: 0.9 },
    { ...adam, learningRate: 0.1 },
    { ...adamw, weightDecay: 0, learningRate: 0.1 },
  ] satisfies OptimizerSpec[]) {
    const optimizer = createOptimizer(spec);
    const weights = new Float32Array(3);
    const slots = Array.from({ length: optimizer.slots }, () => new Float32Array(3));
    let scalars = optimizer.scalars();
    for (let step = 0; step < 400; step++) {
      scalars = optimizer.advance(scalars);
      const gradient = weights.map((w, i) => w - target[i]!);
      optimizer.update({ weights, gradient, slots }, 1, scalars);
    }
    weights.forEach((w, i) => {
      expect(w).toBeCloseTo(target[i]!, 2);
    });
  }
});

test("a range whose parts do not fit is refused untouched", () => {
  const optimizer = createOptimizer(adam);
  const scalars = optimizer.advance(optimizer.scalars());
  const zeros = (length: number) => new Float32Array(length);
  const weights = zeros(2);
  const good = { weights, gradient: zeros(2).fill(1), slots: [zeros(2), zeros(2)] };
  const update = (change: Partial<typeof good>, samples = 1) =>
    optimizer.update({ ...good, ...change }, samples, scalars);

  expect(() => update({ gradient: zeros(3) })).toThrow("found a gradient of 3 values, wanted 2");
  expect(() => update({ slots: [zeros(2)] })).toThrow(
    "found 1 vectors of optimizer state, wanted 2",
  );
  expect(() => update({ slots: [zeros(2), zeros(1)] })).toThrow("optimizer state of 1 values");
  expect(() => update({}, 0)).toThrow("a gradient over 0 samples, wanted at least 1");
  expect(weights).toEqual(zeros(2));
});
