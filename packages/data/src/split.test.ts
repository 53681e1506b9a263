import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Labels, splitRows } from "./index.ts";

const shares = { training: 0.8, validation: 0.1, test: 0.1, stratify: true, seed: 0 };

function classes(values: readonly number[]): Labels {
  const names = [...new Set(values)].sort();
  return {
    kind: "class",
    classes: names,
    values: Int32Array.from(values, (name) => names.indexOf(name)),
  };
}

const values: Labels = { kind: "value", values: new Float32Array(100) };

/** How many rows of each class are in a part. */
function tally(labels: Labels, rows: Uint32Array): number[] {
  const counts = labels.kind === "class" ? labels.classes.map(() => 0) : [];
  for (const row of rows) {
    const index = labels.values[row] ?? -1;
    counts[index] = (counts[index] ?? 0) + 1;
  }
  return counts;
}

describe("a split", () => {
  test("is the same each time, another for another seed, and known by heart", () => {
    const split = (seed: number) =>
      splitRows({ rows: 20, split: { ...shares, stratify: false, seed }, labels: values });
    expect(split(0)).toEqual(split(0));
    expect(split(0)).not.toEqual(split(1));
    const { validation, test: held } = split(0);
    expect({ validation: [...validation], test: [...held] }).toMatchInlineSnapshot(`
      {
        "test": [
          7,
          11,
        ],
        "validation": [
          5,
          13,
        ],
      }
    `);
  });

  test("keeps the proportions of the classes", () => {
    const labels = classes(
      Array.from({ length: 1000 }, (_, row) => (row % 10 === 0 ? 1 : row % 2 ? 2 : 3)),
    );
    const { training, validation, test: held } = splitRows({ rows: 1000, split: shares, labels });
    expect([training.length, validation.length, held.length]).toEqual([800, 100, 100]);
    expect(tally(labels, training)).toEqual([80, 400, 320]);
    expect(tally(labels, validation)).toEqual([10, 50, 40]);
    expect(tally(labels, held)).toEqual([10, 50, 40]);
  });

  test("does not follow the order of the rows", () => {
    const { test: held } = splitRows({
      rows: 1000,
      split: { ...shares, stratify: false },
      labels: values,
    });
    const early = held.filter((row) => row < 500).length;
    expect(early).toBeGreaterThan(30);
    expect(early).toBeLessThan(70);
  });

  test("has every row once, parts of the right size, and every class in training", () => {
    const labelled = fc
      .array(fc.nat({ max: 12 }), { minLength: 20, maxLength: 300 })
      .filter((names) => new Set(names).size > 1);
    const request = fc.record({
      names: labelled,
      stratify: fc.boolean(),
      seed: fc.nat(),
      validation: fc.double({ min: 0.1, max: 0.4, noNaN: true }),
      held: fc.double({ min: 0.1, max: 0.4, noNaN: true }),
    });
    fc.assert(
      fc.property(request, ({ names, stratify, seed, validation, held }) => {
        const labels = classes(names);
        const rows = names.length;
        const split = { training: 1 - validation - held, validation, test: held, stratify, seed };
        const parts = splitRows({ rows, split, labels });
        const all = [...parts.training, ...parts.validation, ...parts.test];
        expect(all.toSorted((a, b) => a - b)).toEqual(names.map((_, row) => row));
        for (const part of Object.values(parts)) expect(part).toEqual(part.toSorted());
        // The first row of each class is for training, which small parts pay for.
        const slack = 2 + (stratify && labels.kind === "class" ? labels.classes.length : 0);
        expect(Math.abs(parts.validation.length - rows * validation)).toBeLessThanOrEqual(slack);
        expect(Math.abs(parts.test.length - rows * held)).toBeLessThanOrEqual(slack);
        if (stratify) expect(Math.min(...tally(labels, parts.training))).toBeGreaterThan(0);
      }),
    );
  });

  test("refuses rows that do not fill every part", () => {
    const split = { ...shares, stratify: false };
    expect(() => splitRows({ rows: 3, split, labels: values })).toThrow("3 rows are too few");
    const { training, validation, test: held } = splitRows({ rows: 10, split, labels: values });
    expect([training.length, validation.length, held.length]).toEqual([8, 1, 1]);
  });
});
