import { expect, test } from "vitest";
import { Pace } from "./pace.ts";

test("figures follow the steps", () => {
  const pace = new Pace();
  expect(pace.samplesPerSecond).toBe(0);
  expect(pace.secondsFor(10)).toBe(0);
  for (let step = 0; step < 200; step++) pace.recordStep(64, step < 100 ? 50 : 20);
  expect(pace.samplesPerSecond).toBeCloseTo(3_200, 0);
  expect(pace.secondsFor(100)).toBeCloseTo(2, 2);
});

test("steps that lasted long because somebody hung do not make the next ones more patient", () => {
  const pace = new Pace();
  expect(pace.patienceMs).toBe(500);
  for (let step = 0; step < 20; step++) {
    pace.recordShare(200);
    pace.recordStep(64, pace.patienceMs + 200);
  }
  expect(pace.patienceMs).toBeCloseTo(1_000, 0);
});
