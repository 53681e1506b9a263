import fc from "fast-check";
import { expect, test } from "vitest";
import { trainingOf } from "./cases.fixture.ts";
import { learningRate } from "./index.ts";

/** Learning rates of all steps, as shares of the optimizer's. */
function shares(schedule: object, stepsPerEpoch: number, totalSteps: number): number[] {
  const training = trainingOf({ type: "sgd", learningRate: 1 }, schedule);
  const rate = learningRate(training, { stepsPerEpoch, totalSteps });
  return Array.from({ length: totalSteps }, (_, step) => rate(step));
}

test("lengths are counted in epochs, or in steps", () => {
  const step = { type: "step", every: 2, factor: 0.5 };
  expect(shares(step, 2, 6)).toEqual([1, 1, 1, 1, 0.5, 0.5]);
  expect(shares({ ...step, unit: "step" }, 2, 6)).toEqual([1, 1, 0.5, 0.5, 0.25, 0.25]);
  expect(shares({ ...step, every: 0.3 }, 10, 6)).toEqual([1, 1, 1, 0.5, 0.5, 0.5]);
  // Less than a step is a step.
  expect(shares({ ...step, every: 0.01 }, 10, 3)).toEqual([1, 0.5, 0.25]);
});

test("a warm-up goes in front, and the schedule begins after it", () => {
  const warmup = { length: 4, from: 0.2 };
  const schedule = { type: "multi-step", at: [1, 3], factor: 0.5, unit: "step", warmup };
  expect(shares(schedule, 2, 8)).toEqual([0.2, 0.4, 0.6000000000000001, 0.8, 1, 0.5, 0.5, 0.25]);
});

test("cycles begin again at the top, each as much longer as it is said", () => {
  const cosine = { type: "cosine", cycle: 2, growth: 3, unit: "step" };
  const found = shares(cosine, 1, 12);
  const tops = found.flatMap((share, step) => (share === 1 ? [step] : []));
  expect(tops).toEqual([0, 2, 8]);
  expect(found[5]).toBe(0.5);
  const alike = shares({ ...cosine, growth: 1 }, 1, 12);
  expect(alike).toEqual(alike.map((_, step) => (step % 2 === 0 ? 1 : 0.5)));
});

const positive = fc.integer({ min: 1, max: 60 });
const share = fc.double({ min: 0, max: 1, noNaN: true });
const inside = fc.double({ min: 0.01, max: 0.99, noNaN: true });
const schedules = fc.oneof(
  fc.record({ type: fc.constant("constant") }),
  fc.record({ type: fc.constant("step"), every: positive, factor: inside }),
  fc.record({ type: fc.constant("multi-step"), at: fc.tuple(positive), factor: inside }),
  fc.record({ type: fc.constant("exponential"), factor: inside }),
  fc.record({ type: fc.constant("cosine"), end: share }),
  fc.record({
    type: fc.constant("cosine"),
    cycle: positive,
    growth: fc.integer({ min: 1, max: 4 }),
  }),
  fc.record({
    type: fc.constant("one-cycle"),
    start: share,
    end: share,
    rise: inside,
    shape: fc.constantFrom("cosine", "linear"),
  }),
  fc.record({
    type: fc.constant("polynomial"),
    power: fc.double({ min: 0.1, max: 5, noNaN: true }),
  }),
);

test("every share is between 0 and 1, for trainings of any length", () => {
  fc.assert(
    fc.property(
      schedules,
      positive,
      positive,
      fc.option(positive),
      (schedule, epoch, total, warm) => {
        const warmup = warm !== null && warm < total ? { warmup: { length: warm } } : {};
        const unit = { unit: "step", ...warmup };
        for (const found of shares({ ...schedule, ...unit }, epoch, total)) {
          expect(found).toBeGreaterThanOrEqual(0);
          expect(found).toBeLessThanOrEqual(1 + 1e-15);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test("a warm-up that leaves no step is refused, with its length and the training's", () => {
  const schedule = { type: "constant", unit: "step", warmup: { length: 6 } };
  expect(() => shares(schedule, 2, 6)).toThrow(
    "training.schedule.warmup.length: is 6 steps, wanted fewer than the 6 of the training",
  );
  expect(shares(schedule, 2, 7)).toHaveLength(7);
});
