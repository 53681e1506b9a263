import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Fields, SparingLog } from "./index.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function sparingLog() {
  const lines: unknown[] = [];
  const log = new SparingLog({
    error: (message, fields) => void lines.push({ message, ...fields }),
  });
  const asked = vi.fn((): Fields => ({ method: "a" }));
  const fail = (times: number, kind = "a") => {
    for (let time = 0; time < times; time++) log.error(kind, "call failed", asked);
  };
  return { lines, asked, fail };
}

test("lines of one kind are written until they are many, then now and then with the number left out", () => {
  const { lines, asked, fail } = sparingLog();
  fail(1000);
  expect(lines).toEqual(new Array(20).fill({ message: "call failed", method: "a" }));
  vi.advanceTimersByTime(2999);
  fail(1);
  expect(lines).toHaveLength(20);
  vi.advanceTimersByTime(1);
  fail(2);
  expect(lines.slice(20)).toEqual([{ message: "call failed", method: "a", leftOut: 981 }]);
  expect(asked).toHaveBeenCalledTimes(21);
});

test("another kind has lines of its own, and a quiet minute gives back all of them", () => {
  const { lines, fail } = sparingLog();
  fail(1000);
  fail(1, "b");
  expect(lines).toHaveLength(21);
  vi.advanceTimersByTime(60_000);
  fail(1000);
  expect(lines).toHaveLength(41);
});
