import { hashKey, uniform } from "@amaas/random";
import { expect, test } from "vitest";
import type { Labels } from "./dataset.ts";
import { permutationImportance } from "./permutation-importance.ts";

/** A feature whose distance from 0 tells, which no line sees; half of one that does; noise; a constant. */
const width = 4;
const draw = (row: number, column: number) => 2 * uniform(hashKey("permutation", column), row) - 1;
const table = (rows: number) =>
  Array.from({ length: rows }, (_, row) => [draw(row, 0), draw(row, 1), 100 * draw(row, 2), 7]);

function worthOf(rows: readonly number[][], labels: Labels) {
  async function* blocks() {
    for (let from = 0; from < rows.length; from += 300)
      yield Float32Array.from(rows.slice(from, from + 300).flat());
  }
  return permutationImportance(blocks, width, labels);
}

const signal = ([a = 0, b = 0]: number[]) => 4 * a * a + b;

test.each([600, 5000])("of %i rows, what tells is found, straight or not", async (count) => {
  const rows = table(count);
  const values = Float32Array.from(rows, signal);
  const [bent = 0, straight = 0, noise = 0, flat] = await worthOf(rows, { kind: "value", values });
  // The variances of 4a^2 and b are 16 * 4/45 and 1/3; shuffling costs twice the share that a feature explains.
  expect(bent).toBeGreaterThan(0.9);
  expect(straight).toBeGreaterThan(0.15);
  expect(straight).toBeLessThan(bent);
  expect(Math.abs(noise)).toBeLessThan(0.05);
  expect(flat).toBe(0);
});

test("of classes as of numbers", async () => {
  const rows = table(600);
  const values = Int32Array.from(rows, ([a = 0]) => (Math.abs(a) < 0.3 ? 0 : a < 0.7 ? 1 : 2));
  const worth = await worthOf(rows, { kind: "class", classes: ["a", "b", "c"], values });
  expect([...worth.keys()].sort((a, b) => worth[b]! - worth[a]!)[0]).toBe(0);
  expect(worth[0]).toBeGreaterThan(10 * Math.abs(worth[1]!));
});

test("the same rows are worth the same every time", async () => {
  const rows = table(400);
  const labels: Labels = { kind: "value", values: Float32Array.from(rows, signal) };
  expect(await worthOf(rows, labels)).toEqual(await worthOf(rows, labels));
});

test("others get their turn while it goes on", async () => {
  let turns = 0;
  const count = () => {
    turns++;
    next = setImmediate(count);
  };
  let next = setImmediate(count);
  const rows = table(20);
  await worthOf(rows, { kind: "value", values: Float32Array.from(rows, signal) });
  clearImmediate(next);
  expect(turns).toBeGreaterThan(width);
});

test("too few rows, or too many features, say nothing", async () => {
  const rows = table(10);
  const labels: Labels = { kind: "value", values: Float32Array.from(rows, signal) };
  expect(await worthOf(rows, labels)).toEqual(new Float64Array(width));
  async function* none() {}
  await expect(permutationImportance(none, 2049, labels)).rejects.toThrow(
    "at most 2048, found 2049",
  );
});
