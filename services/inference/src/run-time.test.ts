import { expect, test } from "vitest";
import { RunTime } from "./run-time.ts";

test("one slow run hardly raises what is expected, fast ones soon lower it", () => {
  const time = new RunTime();
  expect(time.expectedMs).toBe(0);
  time.ran(10);
  expect(time.expectedMs).toBe(10);
  time.ran(2000);
  expect(time.expectedMs).toBeCloseTo(109.5);
  for (let run = 0; run < 8; run++) time.ran(10);
  expect(time.expectedMs).toBeLessThan(11);
});
