import { expect, test } from "vitest";
import { StepTimes } from "./step-times.ts";

const thread = { data: 0.01, compute: 0.06, reduce: 0.01, exchange: 0.02, apply: 0, wait: 0.1 };

test("threads share the time of a step, and applying is part of their waiting", () => {
  const times = new StepTimes();
  expect(times.means).toBeUndefined();
  times.add(thread);
  times.add(thread);
  times.applied(30);
  times.end(200);
  const { means } = times;
  for (const [part, seconds] of Object.entries({ ...thread, apply: 0.03, wait: 0.07 }))
    expect(means?.[part as keyof typeof thread], part).toBeCloseTo(seconds, 9);
});

test("the means move slowly, and what makes no sense counts nothing", () => {
  const times = new StepTimes();
  times.add({ ...thread, wait: 0 });
  times.end(100);
  times.add({
    ...thread,
    data: Number.NaN,
    compute: -3,
    reduce: Number.POSITIVE_INFINITY,
    wait: 0,
  });
  times.end(50);
  expect(times.means?.exchange).toBeCloseTo(0.9 * 0.02 + 0.1 * 0.05, 9);
  expect(times.means?.compute).toBeCloseTo(0.9 * 0.06, 9);
});

test("what is told of a step when it is over counts in the next", () => {
  const times = new StepTimes();
  times.applied(30);
  times.end(200);
  expect(times.means).toBeUndefined();
  times.add(thread);
  times.applied(30);
  times.end(200);
  expect(times.means).toMatchObject({ compute: 0.06, apply: 0.03 });
});
