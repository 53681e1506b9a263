import { expect, test } from "vitest";
import { backoffMs } from "./backoff.ts";

test("waits grow to a minute, between half of it and all", () => {
  const longest = [1, 2, 3, 7, 1000].map((failures) => backoffMs(failures, () => 1));
  expect(longest).toEqual([1000, 2000, 4000, 60_000, 60_000]);
  expect(backoffMs(3, () => 0)).toBe(2000);
});
