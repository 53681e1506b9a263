import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { circle, dayOf } from "./cycles.ts";
import { encodeColumn } from "./encoders.fixture.ts";

const { fround } = Math;
const on = (place: number, steps: number) => {
  const angle = (2 * Math.PI * place) / steps;
  return [Math.sin(angle), Math.cos(angle)].map((x) => (Math.abs(x) < 1e-12 ? 0 : fround(x)));
};

/** What JavaScript's calendar says of a moment, in UTC. */
function expected(moment: Date): number[] {
  const newYear = Date.UTC(moment.getUTCFullYear(), 0, 1);
  return [
    ...on(Math.floor((moment.getTime() - newYear) / 86_400_000), 366),
    ...on(moment.getUTCMonth(), 12),
    ...on(moment.getUTCDay(), 7),
    ...on(moment.getUTCHours(), 24),
  ];
}

const spec = { type: "cycles" } as const;
const anyDate = fc.date({
  min: new Date("1000-01-01T00:00:00Z"),
  max: new Date("9999-12-31T23:59:59Z"),
  noInvalidDate: true,
});

describe("cycles", () => {
  test("of texts are those of JavaScript's calendar", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyDate, { minLength: 2, maxLength: 30 }), async (dates) => {
        const { rows } = await encodeColumn(
          spec,
          dates.map((date) => date.toISOString()),
        );
        for (const [index, date] of dates.entries())
          expect(rows[index]?.slice(0, 8), date.toISOString()).toEqual(expected(date));
      }),
      { numRuns: 25 },
    );
  });

  test("of days are those of JavaScript's calendar", async () => {
    const day = fc.integer({ min: -300_000, max: 2_900_000 });
    const quarter = fc.constantFrom(0, 0.25, 0.5, 0.75);
    const days = fc.array(fc.tuple(day, quarter), { minLength: 2, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(days, async (given) => {
        const cells = given.map(([whole, part]) => whole + part);
        const { rows } = await encodeColumn(spec, cells);
        for (const [index, cell] of cells.entries())
          expect(rows[index]?.slice(0, 8), `${cell}`).toEqual(
            expected(new Date(cell * 86_400_000)),
          );
      }),
      { numRuns: 25 },
    );
  });

  test("have a trend of days over their deviation", async () => {
    const { rows, fitted } = await encodeColumn(
      spec,
      ["2024-02-28", "2024-03-01 12:00"],
      ["2024-03-03"],
    );
    expect(rows.map((row) => row[8])).toEqual([-1, 1, 3]);
    expect(fitted.names?.at(-1)).toBe("x: trend");
  });

  test("of what is missing or no date are 0, with a flag", async () => {
    const odd = ["soon", "2024-13-01", "2024-1-1", "24-01-01", "2024-01-01T25:00", "2024-01-01Z"];
    const { rows } = await encodeColumn(spec, ["2024-01-01", "2024-06-01", null], odd);
    for (const row of rows.slice(2)) expect(row).toEqual([...Array(9).fill(0), 1]);
    const days = await encodeColumn(spec, [1, 2, null], [1e9, -1e9, null]);
    for (const row of days.rows.slice(2)) expect(row).toEqual([...Array(9).fill(0), 1]);
  });

  test.each([
    ["2024-03-10", 19_792],
    ["2024-03-10T23:59:59.9+02:00", 19_792],
    ["1969-12-31 00:00", -1],
    ["2001/01/01 06:55", 11_323],
    [0.99, 0],
    [-0.01, -1],
    ["2024-3-10", Number.NaN],
  ])("the day of %j is %d", (cell, day) => expect(dayOf(cell)).toBe(day));
});

test("no place on a circle is so near the middle of two float32 that another Math.sin would matter", () => {
  for (const steps of [366, 12, 7, 24])
    for (let place = 0; place < steps; place++) {
      const angle = (2 * Math.PI * place) / steps;
      for (const [offset, wide] of [Math.sin(angle), Math.cos(angle)].entries()) {
        const found = circle(steps)[2 * place + offset];
        if (found === 0) {
          expect(Math.abs(wide)).toBeLessThan(1e-15);
          continue;
        }
        expect(found).toBe(fround(wide));
        expect(fround(wide - 4e-16)).toBe(fround(wide + 4e-16));
      }
    }
});
