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
  if (labels.kind !== "class") return [];
  const counts = labels.classes.map(() => 0);
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

describe("a split by group", () => {
  const request = fc.record({
    groups: fc.array(fc.nat({ max: 30 }), { minLength: 60, maxLength: 300 }),
    folds: fc.option(fc.integer({ min: 2, max: 5 }), { nil: undefined }),
    stratify: fc.boolean(),
    seed: fc.nat(),
  });

  test("never parts a group, and has every row once", () => {
    fc.assert(
      fc.property(request, ({ groups, folds, stratify, seed }) => {
        fc.pre(new Set(groups).size >= 12);
        const labels = classes(groups.map((group, row) => (group + row) % 3));
        const split = { ...shares, stratify, seed, group: "g", ...(folds && { folds, fold: 1 }) };
        const parts = splitRows({
          rows: groups.length,
          split,
          labels,
          groups: Int32Array.from(groups),
        });
        const members = Object.values(parts).map(
          (part: Uint32Array) => new Set(Array.from(part, (row) => groups[row])),
        );
        const different = members.reduce((sum, { size }) => sum + size, 0);
        expect(different).toBe(new Set(groups).size);
        const all = Object.values(parts).flatMap((part: Uint32Array) => [...part]);
        expect(all.toSorted((a, b) => a - b)).toEqual(groups.map((_, row) => row));
      }),
    );
  });

  test("keeps shares and classes as well as groups allow", () => {
    const rows = 2000;
    const groups = Int32Array.from({ length: rows }, (_, row) => Math.floor(row / 4));
    const labels = classes(Array.from(groups, (group) => (group % 10 === 0 ? 1 : 2)));
    const { training, validation, test: held } = splitRows({ rows, split: shares, labels, groups });
    expect([training, validation, held].map((part) => tally(labels, part))).toEqual([
      [160, 1440],
      [20, 180],
      [20, 180],
    ]);
  });

  test("refuses groups that do not fill every part", () => {
    const groups = Int32Array.from({ length: 100 }, (_, row) => row % 2);
    expect(() => splitRows({ rows: 100, split: shares, labels: values, groups })).toThrow(
      "2 groups are too few",
    );
  });
});

describe("a split by time", () => {
  const split = { ...shares, stratify: false, time: "t" };

  test("has the oldest rows in training, the newest in the test, and parts no time", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 80, maxLength: 300 }),
        (when) => {
          const times = Float64Array.from(when);
          fc.pre(new Set(when).size >= 35);
          const {
            training,
            validation,
            test: held,
          } = splitRows({
            rows: when.length,
            split: { ...split, validation: 0.3, training: 0.4, test: 0.3 },
            labels: { kind: "value", values: new Float32Array(when.length) },
            times,
          });
          const [first, second, third] = [training, validation, held].map((part) =>
            Array.from(part, (row) => times[row]!),
          );
          expect(Math.max(...first!)).toBeLessThan(Math.min(...second!));
          expect(Math.max(...second!)).toBeLessThan(Math.min(...third!));
          expect(first!.length + second!.length + third!.length).toBe(when.length);
        },
      ),
    );
  });

  test("refuses times that do not fill every part", () => {
    const times = new Float64Array(100).fill(7);
    expect(() => splitRows({ rows: 100, split, labels: values, times })).toThrow(
      "1 times are too few",
    );
  });
});

describe("folds", () => {
  const labels = classes(Array.from({ length: 500 }, (_, row) => (row % 5 === 0 ? 1 : 2)));
  const foldOf = (fold: number, seed = 0) =>
    splitRows({ rows: 500, split: { ...shares, seed, folds: 5, fold }, labels });
  const five = [0, 1, 2, 3, 4].map((fold) => foldOf(fold));

  test("share one test split, and each other row is for validation once", () => {
    for (const { test: held } of five) expect(held).toEqual(five[0]?.test);
    const validated = five.flatMap(({ validation }) => [...validation]);
    const all = [...validated, ...(five[0]?.test ?? [])];
    expect(all.toSorted((a, b) => a - b)).toEqual([...Array(500).keys()]);
    for (const { training, validation } of five)
      expect(training.filter((row) => validation.includes(row))).toHaveLength(0);
  });

  test("are of one size and keep the classes' proportions", () => {
    expect(five.map(({ validation }) => tally(labels, validation))).toEqual(
      Array(5).fill([18, 72]),
    );
  });

  test("are others for another seed", () => {
    expect(foldOf(0, 1).validation).not.toEqual(five[0]?.validation);
  });

  test("that no row is left for are refused", () => {
    const few = { rows: 6, split: { ...shares, stratify: false, folds: 50, fold: 49 } };
    expect(() => splitRows({ ...few, labels: values })).toThrow("6 rows for 50 folds are too few");
  });
});

describe("a share of the training rows", () => {
  const rows = 1_000;
  const labels = classes(Array.from({ length: rows }, (_, row) => (row % 10 === 0 ? 1 : 2)));
  const groups = Int32Array.from({ length: rows }, (_, row) => row % 50);
  const split = (use: number) => splitRows({ rows, split: { ...shares, use }, labels });

  test("has the classes' proportions, and leaves the other parts as they are", () => {
    const [some, all] = [split(0.25), split(1)];
    expect(tally(labels, some.training)).toEqual([20, 180]);
    expect({ ...some, training: all.training }).toEqual(all);
  });

  test("is among a larger share", () => {
    const inGroups = (use: number) =>
      splitRows({ rows, split: { ...shares, use, group: "house" }, labels, groups });
    for (const of of [split, inGroups]) {
      const [small, large, all] = [of(0.1), of(0.3), of(1)].map(
        ({ training }) => new Set(training),
      );
      expect(small!.size).toBeGreaterThan(0);
      expect([...small!].every((row) => large!.has(row))).toBe(true);
      expect([...large!].every((row) => all!.has(row))).toBe(true);
      expect(large!.size).toBeLessThan(all!.size);
    }
  });

  test("takes groups whole", () => {
    const { training } = splitRows({
      rows,
      split: { ...shares, use: 0.5, group: "house" },
      labels,
      groups,
    });
    const counts = new Map<number, number>();
    for (const row of training) counts.set(row % 50, (counts.get(row % 50) ?? 0) + 1);
    expect([...new Set(counts.values())]).toEqual([20]);
    expect(counts.size).toBe(20);
  });

  test("has a row of each class, however small it is", () => {
    expect(tally(labels, split(0.0001).training)).toEqual([1, 1]);
  });
});
