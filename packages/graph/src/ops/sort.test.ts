import { expect, test } from "vitest";
import { graphBuilder } from "../index.ts";
import {
  a,
  bool,
  type Case,
  compareKernels,
  cube,
  each,
  f32,
  i64,
  text,
} from "./kernels.fixture.ts";
import { sorts } from "./sort.ts";

const top = (k: number, attributes: Record<string, number>): Case => ({
  op: "TopK",
  inputs: [cube, i64([1], [k])],
  attributes,
  outputs: 2,
});
const repeated = f32([6], [2, 1, 1, 3, 4, 3]);
const rows = f32([4, 2], [1, 0, 1, 0, 2, 3, 1, -1]);

compareKernels(sorts, [
  top(2, {}),
  top(1, { axis: 1 }),
  top(2, { axis: 0, largest: 0 }),
  top(0, { axis: -1 }),
  { op: "TopK", inputs: [i64([5], [3, 1, 3, 2, 1]), i64([1], [4])], outputs: 2 },
  ...[0, 1].flatMap((axis): readonly Case[] => [
    { op: "Compress", inputs: [a, bool([2], [0, 1])], attributes: { axis } },
    { op: "Compress", inputs: [a, bool([2], [0, 0])], attributes: { axis } },
  ]),
  { op: "Compress", inputs: [a, bool([3], [1, 0, 1])], attributes: { axis: -1 } },
  ...each(["Compress"], a, bool([5], [0, 1, 1, 0, 1])),
  ...[0, 1].flatMap((sorted): readonly Case[] => [
    { op: "Unique", inputs: [repeated], attributes: { sorted }, outputs: 4 },
    { op: "Unique", inputs: [a], attributes: { sorted, axis: 1 }, outputs: 4 },
    { op: "Unique", inputs: [rows], attributes: { sorted, axis: 0 }, outputs: 4 },
    { op: "Unique", inputs: [text([3], ["b", "a", "b"])], attributes: { sorted }, outputs: 1 },
  ]),
]);

test("sizes", () => {
  const g = graphBuilder("sizes");
  const x = g.input("x", "FP32", ["batch", 8]);
  const shapes = (k: ReturnType<typeof g.ints>) =>
    g.node("TopK", [x, k], {}, { outputs: 2 }).map(({ shape }) => shape);
  expect(shapes(g.ints([3]))).toEqual([
    ["batch", 3],
    ["batch", 3],
  ]);
  expect(shapes(g.input("k", "INT64", [1]))[0]).toEqual(["batch", "?"]);
  expect(() => shapes(g.ints([9]))).toThrow("9 first of 8");
  const mask = g.input("mask", "BOOL", [8]);
  expect(g.node("Compress", [x, mask], { axis: 1 }).shape).toEqual(["batch", "?"]);
  expect(g.node("Compress", [x, mask]).shape).toEqual(["?"]);
});
