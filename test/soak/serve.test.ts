/** Ten seconds of the soak: too short to tell whether memory stays, long enough for everything in it to happen. */
import { expect, test } from "vitest";
import { soak } from "./soak.ts";
import { rise } from "./verdict.ts";

test("all answers are right, and everybody agrees on what happened", {
  timeout: 120_000,
}, async () => {
  const { periods, wrong, disagreements, exitCode } = await soak(10, 5, () => {});
  expect(wrong).toEqual([]);
  expect(disagreements).toEqual([]);
  expect(exitCode).toBe(0);
  expect(periods).toHaveLength(2);
  for (const period of periods)
    for (const figure of Object.values(period)) expect(figure).toBeGreaterThan(0);
});

test("what rises is told from what goes up and down", () => {
  const period = (seconds: number, heapMb: number) => ({
    seconds,
    heapMb,
    calls: 1,
    p50Ms: 1,
    p99Ms: 1,
    residentMb: 1,
    loopP99Ms: 1,
  });
  const up = [0, 1, 2, 3].map((at) => period(at * 60, 100 + 5 * at));
  const flat = [0, 10, 10, 0].map((heap, at) => period(at * 60, 100 + heap));
  expect(rise(up, ({ heapMb }) => heapMb)).toBeCloseTo(15);
  expect(rise(flat, ({ heapMb }) => heapMb)).toBeCloseTo(0);
});
