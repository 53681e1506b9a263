import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cases, trainingOf } from "./cases.fixture.ts";
import { createOptimizer, learningRate } from "./index.ts";
import { begin, train } from "./train.fixture.ts";

const length = { stepsPerEpoch: 2, totalSteps: 40 };
const warmThenCosine = { type: "cosine", unit: "step", warmup: { length: 3 } };

const averaging = { type: "ema", decay: 0.9, warmup: true } as const;

const value = fc.float({ noNaN: true, min: -100, max: 100 });
const vector = fc.array(value, { minLength: 9, maxLength: 9 });
const vectors = fc.array(vector, { minLength: 1, maxLength: 6 });

describe.each(cases)("%s", (_, spec) => {
  const rate = learningRate(trainingOf(spec, warmThenCosine), length);
  const optimizer = createOptimizer(spec, rate);

  test.each([undefined, averaging])(
    "any cut of the vector gives the same bits, averaging %o",
    (mean) => {
      const optimizer = createOptimizer(spec, rate, mean);
      const place = fc.integer({ min: 0, max: 9 });
      fc.assert(
        fc.property(
          vector,
          vectors,
          fc.array(place, { maxLength: 4 }),
          (weights, gradients, at) => {
            const cuts = at.toSorted((a, b) => a - b);
            const start = begin(optimizer, weights);
            expect(train(optimizer, start, gradients, 7, cuts)).toEqual(
              train(optimizer, start, gradients, 7),
            );
          },
        ),
        { numRuns: 50 },
      );
    },
  );

  test("a state that was written down goes on with the same bits", () => {
    fc.assert(
      fc.property(vector, vectors, vectors, (weights, before, after) => {
        const start = begin(optimizer, weights);
        const whole = train(optimizer, start, [...before, ...after], 4);
        const half = train(optimizer, start, before, 4);
        const scalars = JSON.parse(JSON.stringify(half.scalars));
        const another = createOptimizer(spec, rate);
        expect(train(another, { ...half, scalars }, after, 4)).toEqual(whole);
      }),
      { numRuns: 30 },
    );
  });

  test("stays finite where gradients vanish, or are all alike", () => {
    for (const gradient of [0, 1e-20, 1, 1e4]) {
      const gradients = Array.from({ length: 200 }, () => [gradient, -gradient]);
      const { weights, slots } = train(
        createOptimizer(spec),
        begin(optimizer, [1, -1]),
        gradients,
        1,
      );
      expect([weights, ...slots].every((numbers) => numbers.every(Number.isFinite))).toBe(true);
    }
  });

  test("comes close to the minimum of a quadratic", () => {
    const target = [3, -2, 0.5];
    const steps = 400;
    const schedule = { type: "polynomial", unit: "step" };
    const training = trainingOf(spec, schedule);
    const falling = createOptimizer(spec, learningRate(training, { ...length, totalSteps: steps }));
    let state = begin(falling, [0, 0, 0]);
    for (let step = 0; step < steps; step++) {
      const gradient = state.weights.map((w, i) => w - target[i]!);
      state = train(falling, state, [gradient], 1);
    }
    // Penalties pull the weights towards 0, each in its own way.
    const pulled = spec.l1 > 0 || ("weightDecay" in spec && spec.weightDecay > 0);
    state.weights.forEach((w, i) => {
      expect(Math.abs(w - target[i]!)).toBeLessThan(pulled ? 0.55 : 0.01);
    });
  });
});

test("averages are of no influence on the weights, and begin with them", () => {
  for (const [, spec] of cases) {
    const [plain, averaged] = [undefined, averaging].map((mean) =>
      createOptimizer(spec, undefined, mean),
    );
    const gradients = [
      [1, -2],
      [0.5, 3],
    ];
    const [free, mean] = [plain, averaged].map((optimizer) =>
      train(optimizer!, begin(optimizer!, [4, 5]), gradients, 2),
    );
    expect(mean?.weights).toEqual(free?.weights);
    expect(mean?.slots.slice(0, -1)).toEqual(free?.slots);
    const still = { type: "ema", decay: 0.999999, warmup: false } as const;
    const optimizer = createOptimizer(spec, undefined, still);
    const { slots } = train(optimizer, begin(optimizer, [4, 5]), gradients, 2);
    for (const [i, w] of [4, 5].entries()) expect(slots.at(-1)?.[i]).toBeCloseTo(w, 4);
  }
});

test("not clipped and without an L1 penalty, an update leaves the gradient alone", () => {
  const gradient = Float32Array.of(3, -4);
  for (const [, spec] of cases.filter(([, { clipValue, l1 }]) => !clipValue && l1 === 0)) {
    const optimizer = createOptimizer(spec);
    const { weights, slots, scalars } = begin(optimizer, [1, 2]);
    if (optimizer.direct) continue;
    optimizer.update({ weights, gradient, slots }, 2, optimizer.advance(scalars));
    expect(gradient).toEqual(Float32Array.of(3, -4));
  }
});

test("ftrl sets weights to exactly 0 that do not earn their penalty", () => {
  const { optimizer: spec } = trainingOf({ type: "ftrl", l1: 1 });
  const optimizer = createOptimizer(spec);
  const gradients = Array.from({ length: 30 }, (_, step) => [step % 2 === 0 ? 0.5 : -0.5, -0.5, 0]);
  const { weights } = train(optimizer, begin(optimizer, [0.05, 0.05, 0.05]), gradients, 1);
  expect(weights[0]).toBe(0);
  expect(weights[1]).toBeGreaterThan(0.1);
  expect(weights[2]).toBe(0);
});

test("a range whose parts do not fit is refused untouched", () => {
  const zeros = (count: number) => new Float32Array(count);
  for (const [, spec] of cases) {
    const optimizer = createOptimizer(spec);
    const scalars = optimizer.advance(optimizer.scalars());
    const weights = zeros(2);
    const slots = Array.from({ length: optimizer.slots }, () => zeros(2));
    const good = { weights, gradient: zeros(2).fill(1), slots };
    const update =
      (change: Partial<typeof good>, samples = 1) =>
      () =>
        (optimizer.direct ?? optimizer.update)({ ...good, ...change }, samples, scalars);

    expect(update({ gradient: zeros(3) })).toThrow("found a gradient of 3 values, wanted 2");
    expect(update({ slots: [...slots, zeros(2)] })).toThrow(
      `found ${slots.length + 1} vectors of optimizer state, wanted ${slots.length}`,
    );
    if (slots.length > 0)
      expect(update({ slots: [...slots.slice(1), zeros(1)] })).toThrow("state of 1 values");
    expect(update({}, 0)).toThrow("a gradient over 0 samples, wanted at least 1");
    expect([weights, good.gradient]).toEqual([zeros(2), zeros(2).fill(1)]);
  }
});
