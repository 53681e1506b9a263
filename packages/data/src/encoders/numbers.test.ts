import type { BucketsSpec, ScaleSpec } from "@amaas/spec";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeColumn } from "./encoders.fixture.ts";
import { logarithm, signedLog } from "./logarithm.ts";

const { fround } = Math;
const plain: ScaleSpec = { type: "scale", by: "none", missing: "median", log: false };
const column = (rows: readonly (readonly number[])[], at = 0) => rows.map((row) => row[at]);

describe("scale", () => {
  test("by mean and deviation is what a column without encoding is", async () => {
    const { rows, fitted } = await encodeColumn({ ...plain, by: "standard" }, [1, 3, null, 8], [2]);
    const deviation = fround(Math.sqrt(((1 - 3.75) ** 2 + 2 * 0.75 ** 2 + 4.25 ** 2) / 4));
    const wanted = [1, 3, 3, 8, 2].map((x) => fround(fround(x - 3.75) / deviation));
    expect(rows).toEqual(wanted.map((x, row) => [x, Number(row === 2)]));
    expect(fitted.names).toEqual(["x", "x is missing"]);
  });

  test.each([
    ["min-max", [2, 4, 10, 4], [12, -2], [0, 0.25, 1, 0.25, 1.25, -0.5]],
    ["robust", [0, 1, 2, 3, 100], [4], [-1, -0.5, 0, 0.5, 49, 1]],
    ["none", [1.5, -2], [9], [1.5, -2, 9]],
    ["min-max", [7, 7], [8], [0, 0, 1]],
    ["robust", [5, 5, 5, 9], [4], [0, 0, 0, 4, -1]],
  ] as const)("by %s of %j, then %j", async (by, cells, later, wanted) => {
    const { rows } = await encodeColumn({ ...plain, by }, cells, later);
    expect(column(rows)).toEqual(wanted);
  });

  test.each([
    ["median", [1, 2, 9, null], 2],
    ["mean", [1, 2, 9, null], 4],
    [-7.5, [1, 2, 9, null], -7.5],
  ] as const)("puts %j where a value is missing", async (missing, cells, wanted) => {
    const { rows } = await encodeColumn({ ...plain, missing }, cells, [null]);
    expect(rows.slice(-2)).toEqual([
      [wanted, 1],
      [wanted, 1],
    ]);
  });

  test("has no flag where nothing was missing", async () => {
    const { rows } = await encodeColumn(plain, [1, 2, 4], [null]);
    expect(rows.at(-1)).toEqual([2]);
  });

  test("clips, and after filling in", async () => {
    const spec = { ...plain, missing: 99, min: 0, max: 10 } as const;
    const { rows } = await encodeColumn(spec, [-5, 3, 50, null]);
    expect(column(rows)).toEqual([0, 3, 10, 10]);
  });

  test("takes logarithms that agree with Math.log1p, to the bit of float32 everywhere", async () => {
    const cells = [0, 1, 2.5, 1000, 3e38, 1e-7, -1, -1000];
    const { rows } = await encodeColumn({ ...plain, log: true }, cells);
    expect(column(rows)).toEqual(cells.map((x) => signedLog(fround(x))));
    for (const [index, x] of cells.entries())
      expect(rows[index]![0]! / (Math.sign(x) * Math.log1p(Math.abs(x)) || 1)).toBeCloseTo(
        x && 1,
        6,
      );
  });
});

test("the logarithm is right to a few units in the last of its 53 bits", () => {
  const number = fc.double({ min: 1, max: 2 ** 127, noNaN: true });
  fc.assert(
    fc.property(number, (u) => {
      expect(Math.abs(logarithm(u) - Math.log(u))).toBeLessThanOrEqual(
        4e-16 * Math.max(1, Math.log(u)),
      );
    }),
    { numRuns: 2000 },
  );
});

test("logarithms of the engine and of JavaScript are one, whatever stands beside them", async () => {
  const cell = fc.float({ noNaN: true, noDefaultInfinity: true });
  await fc.assert(
    fc.asyncProperty(fc.array(cell, { minLength: 3, maxLength: 40 }), async (cells) => {
      const { rows } = await encodeColumn({ ...plain, log: true }, cells);
      // 0 is 0, of whatever sign.
      expect(column(rows).map((x) => x! + 0)).toEqual(cells.map((x) => signedLog(x) + 0));
    }),
    { numRuns: 20 },
  );
});

describe("buckets", () => {
  const given: BucketsSpec = { type: "buckets", count: 10, edges: [18, 30], as: "one-hot" };

  test("are open on the right", async () => {
    const { rows, fitted } = await encodeColumn(given, [17.999, 18, 29.9, 30, null, -1e9, 1e9]);
    expect(rows).toEqual([
      [1, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 1, 0],
      [0, 0, 0, 1],
      [1, 0, 0, 0],
      [0, 0, 1, 0],
    ]);
    expect(fitted.names).toEqual(["x<18", "18<=x<30", "30<=x", "x is missing"]);
  });

  test("are a place from 0 to 1", async () => {
    const { rows } = await encodeColumn({ ...given, as: "ordinal" }, [1, 20, 99], [null]);
    expect(column(rows)).toEqual([0, 0.5, 1, 0]);
  });

  test("hold equally many rows where no edges are given", async () => {
    const cells = Array.from({ length: 100 }, (_, index) => (index * 37) % 100);
    const { rows } = await encodeColumn({ type: "buckets", count: 4, as: "one-hot" }, cells);
    const held = [0, 1, 2, 3].map((at) => column(rows, at).reduce((sum, flag) => sum! + flag!, 0));
    expect(held).toEqual([25, 25, 25, 25]);
  });

  test("are fewer where many values are one, and one where all are", async () => {
    const spec = { type: "buckets", count: 10, as: "one-hot" } as const;
    const { fitted } = await encodeColumn(spec, [0, 0, 0, 0, 0, 0, 0, 0, 1, 2]);
    expect(fitted.width).toBeLessThanOrEqual(3);
    const { rows } = await encodeColumn(spec, [7, 7, 7], [8, null]);
    expect(rows).toEqual([[1], [1], [1], [1], [0]]);
  });
});
