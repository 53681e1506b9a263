import fc from "fast-check";
import { expect, test } from "vitest";
import { Limits, type TenantLimit, unlimited } from "./limits.ts";
import { SimulatedClock } from "./simulated-clock.fixture.ts";

function limited(limit: Partial<TenantLimit>) {
  const clock = new SimulatedClock();
  const table = new Map([["a", { ...unlimited, ...limit }]]);
  return { clock, limits: new Limits(table, unlimited, clock) };
}

test("as many at a time as there may be, until one is over", () => {
  const { limits } = limited({ concurrency: 2 });
  const leave = limits.enter("a");
  limits.enter("a");
  expect(() => limits.enter("a")).toThrow("tenant 'a' has 2 requests at a time already");
  leave();
  leave();
  limits.enter("a");
  expect(() => limits.enter("a")).toThrow(
    expect.objectContaining({ code: "resource-exhausted", retryAfterMs: 100 }),
  );
  for (let at = 0; at < 100; at++) limits.enter("another");
});

test("as many in a second as there may be, and the refusal says when the next one may", async () => {
  const { limits, clock } = limited({ perSecond: 4 });
  for (let at = 0; at < 4; at++) limits.enter("a")();
  expect(() => limits.enter("a")).toThrow(
    "may start 4 requests in a second; the next one in 250 ms",
  );
  await clock.advance(249);
  expect(() => limits.enter("a")).toThrow(expect.objectContaining({ retryAfterMs: 1 }));
  await clock.advance(1);
  limits.enter("a");
  await clock.advance(60_000);
  for (let at = 0; at < 4; at++) limits.enter("a");
  expect(() => limits.enter("a")).toThrow("may start 4");
});

test("less than one in a second is one now and then", async () => {
  const { limits, clock } = limited({ perSecond: 0.1 });
  limits.enter("a");
  expect(() => limits.enter("a")).toThrow(expect.objectContaining({ retryAfterMs: 10_000 }));
  await clock.advance(10_000);
  limits.enter("a");
});

test("over any time, a tenant never starts more than its rate and one second's worth", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 10, maxLength: 100 }),
      async (perSecond, gaps) => {
        const { limits, clock } = limited({ perSecond });
        const start = clock.now();
        let started = 0;
        for (const gap of gaps) {
          await clock.advance(gap);
          try {
            limits.enter("a");
            started++;
          } catch {}
          expect(started).toBeLessThanOrEqual(
            perSecond + ((clock.now() - start) / 1000) * perSecond + 1e-6,
          );
        }
      },
    ),
  );
});

test("names that are made up are forgotten", async () => {
  const clock = new SimulatedClock();
  const limits = new Limits(new Map(), { ...unlimited, perSecond: 100, concurrency: 1 }, clock);
  for (let at = 0; at < 20_000; at++) {
    limits.enter(`tenant ${at}`)();
    await clock.advance(1);
  }
  expect(limits.known).toBeLessThan(1000);
});
