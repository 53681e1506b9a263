import { expect, test } from "vitest";
import { ThreadClock } from "./thread-clock.ts";

test("a thread's time is told whole: what was not work or exchange was waiting", () => {
  const clock = new ThreadClock();
  clock.begin(1_000, 0);
  const first = clock.end(1_100, 1_090, 0, { data: 10, compute: 60, reduce: 15 });
  expect(first).toEqual({
    data: 0.01,
    compute: 0.06,
    reduce: 0.015,
    exchange: 0.01,
    apply: 0,
    wait: 0.005,
  });
  // 20 ms of the 50 between the steps went into weights; those of the time at work cost nothing.
  clock.begin(1_150, 20);
  const second = clock.end(1_250, 1_250, 25, { data: 0, compute: 100, reduce: 0 });
  expect(second).toMatchObject({ compute: 0.1, exchange: 0.02, wait: 0.03 });
  clock.begin(1_260, 25);
  expect(clock.end(1_270, 1_270, 25, { data: 0, compute: 10, reduce: 0 })).toMatchObject({
    exchange: 0,
    wait: 0.01,
  });
});

test("before the first step, and after an evaluation, nothing was waited for", () => {
  const clock = new ThreadClock();
  clock.begin(1_000, 7);
  clock.end(1_010, 1_010, 7, { data: 0, compute: 10, reduce: 0 });
  clock.forget();
  clock.begin(5_000, 9);
  const { exchange, wait } = clock.end(5_010, 5_010, 9, { data: 0, compute: 10, reduce: 0 });
  expect([exchange, wait]).toEqual([0, 0]);
});
