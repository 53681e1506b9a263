import fc from "fast-check";
import { expect, test } from "vitest";
import { CostModel } from "./cost-model.ts";

const sizes = [1, 2, 3, 5, 8, 13, 21, 32];

function learned(ms: (rows: number, run: number) => number, runs = 400): CostModel {
  const cost = new CostModel();
  for (let run = 0; run < runs; run++) {
    const rows = sizes[(run * 5) % sizes.length]!;
    cost.ran(rows, ms(rows, run));
  }
  return cost;
}

test("nothing is known at first, and takes no time", () => {
  const cost = new CostModel();
  expect(cost.known).toBe(false);
  expect(cost.ms(32)).toBe(0);
});

test("a line is found, whatever it is", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.01, max: 20, noNaN: true }),
      fc.double({ min: 0.001, max: 5, noNaN: true }),
      (start, slope) => {
        const cost = learned((rows) => start + slope * rows);
        for (const rows of sizes) {
          const wanted = start + slope * rows;
          expect(Math.abs(cost.ms(rows) - wanted)).toBeLessThan(0.01 * wanted + 0.01);
        }
        expect(cost.rowsWithin(start + slope * 10)).toBeLessThanOrEqual(10);
      },
    ),
  );
});

test("one run in twenty that takes a hundred times as long hardly moves it", () => {
  const cost = learned((rows, run) => (4 + rows) * (run % 20 === 7 ? 100 : 1));
  for (const rows of sizes) {
    expect(cost.ms(rows)).toBeGreaterThan(0.7 * (4 + rows));
    expect(cost.ms(rows)).toBeLessThan(1.5 * (4 + rows));
  }
});

test("it follows a model that becomes faster or slower", () => {
  const cost = learned((rows, run) => (run < 1000 ? 1 : 3) * (4 + rows), 2000);
  expect(cost.ms(10)).toBeCloseTo(42, 0);
  for (let run = 0; run < 200; run++) cost.ran(sizes[run % 8]!, 4 + sizes[run % 8]!);
  expect(cost.ms(10)).toBeCloseTo(14, 0);
});

test("neither start nor slope is negative, and more rows never take less time", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(fc.integer({ min: 1, max: 4096 }), fc.double({ min: 0, max: 1e4, noNaN: true })),
        { minLength: 1 },
      ),
      (runs) => {
        const cost = new CostModel();
        for (const [rows, ms] of runs) cost.ran(rows, ms);
        expect(cost.startMs).toBeGreaterThanOrEqual(0);
        expect(cost.rowMs).toBeGreaterThanOrEqual(0);
        expect(Number.isFinite(cost.ms(4096))).toBe(true);
      },
    ),
  );
});

test("the tail is what one run in a hundred exceeds", () => {
  let beyond = 0;
  const cost = new CostModel();
  for (let run = 0; run < 50_000; run++) {
    // Between 10 and 20, evenly, in an order without pattern.
    const ms = 10 + 10 * ((run * 0.618033988749895) % 1);
    if (run > 20_000 && ms > cost.ms(8) * cost.tail) beyond++;
    cost.ran(8, ms);
  }
  expect(beyond / 30_000).toBeGreaterThan(0.003);
  expect(beyond / 30_000).toBeLessThan(0.03);
});
