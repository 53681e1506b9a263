import { expect, test } from "vitest";
import { Curves } from "./curves.ts";

test("each curve grows by itself, and all are cut at the same step", () => {
  const curves = new Curves();
  expect(curves.lengths()).toEqual(new Map([["loss", 0]]));
  expect(curves.merge({ name: "loss", first: 0, values: Float64Array.of(3, 2, 1) })).toBe(true);
  expect(curves.merge({ name: "norm", first: 0, values: Float64Array.of(30, 20) })).toBe(true);
  expect(curves.merge({ name: "norm", first: 5, values: Float64Array.of(1) })).toBe(false);
  expect(curves.pieces((name) => (name === "loss" ? 1 : 2))).toEqual([
    { name: "loss", first: 1, values: Float64Array.of(2, 1) },
  ]);
  expect(curves.pieces(() => 0, 2).map(({ values }) => [...values])).toEqual([
    [3, 2],
    [30, 20],
  ]);
  curves.truncate(1);
  expect([...curves.lengths()]).toEqual([
    ["loss", 1],
    ["norm", 1],
  ]);
});
