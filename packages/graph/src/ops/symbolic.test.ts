/** Chains in which exporters compute sizes from sizes: what is known of them must come out at the end. */
import { tensor } from "@amaas/tensor";
import { expect, test } from "vitest";
import { graphBuilder, type Value } from "../index.ts";

const g = graphBuilder("chains");
const x = g.input("x", "FP32", ["batch", "length", 256]);
const scalar = (value: number) => g.scalar(value, "INT64");
const size = (of: Value, axis: number) => g.gather(g.shape(of), scalar(axis));
const vector = (...parts: readonly (Value | number)[]) =>
  g.concat(
    parts.map((part) => (typeof part === "number" ? g.ints([part]) : g.unsqueeze(part, [0]))),
    0,
  );
const ones = (length: Value) =>
  g.node("ConstantOfShape", [length], { value: tensor("INT64", [1], BigInt64Array.of(1n)) });

test("Shape, Gather, Unsqueeze, Concat, Reshape", () => {
  const heads = g.reshape(x, vector(size(x, 0), size(x, 1), 4, 64));
  expect(heads.shape).toEqual(["batch", "length", 4, 64]);
  const open = g.reshape(x, vector(size(x, 0), -1, 4, 64));
  expect(open.shape).toEqual(["batch", "length", 4, 64]);
  const width = g.node("Div", [size(x, 2), scalar(4)]);
  expect(g.reshape(x, vector(size(x, 0), size(x, 1), 4, width)).shape).toEqual(heads.shape);
  const merged = g.reshape(heads, vector(-1, 256));
  expect(merged.shape).toEqual(["?", 256]);
  // Only one size is open, and the others say what it is.
  const rows = g.node("Mul", [size(x, 2), size(x, 1)]);
  const flat = g.reshape(
    g.reshape(x, vector(size(x, 0), rows)),
    vector(size(x, 0), size(x, 1), -1),
  );
  expect(flat.shape).toEqual(["batch", "length", "?"]);
  const images = g.input("images", "FP32", ["batch", 8, 4, 4]);
  const unknown = g.node("Cast", [g.input("n", "FP32", [1])], { to: 7 });
  expect(g.reshape(images, g.concat([g.shape(images, 0, 1), unknown], 0)).shape).toEqual([
    "batch",
    128,
  ]);
});

test("Shape, Slice, Concat, Expand", () => {
  const lead = g.node("Slice", [g.shape(x), g.ints([0]), g.ints([-1])]);
  const target = g.concat([lead, g.ints([32])], 0);
  expect(g.reshape(x, g.concat([lead, g.ints([-1, 32])], 0)).shape).toEqual([
    "batch",
    "length",
    8,
    32,
  ]);
  const token = g.input("token", "FP32", [1, 1, 32]);
  expect(g.expand(token, target).shape).toEqual(["batch", "length", 32]);
});

test("Equal and Where on -1, as PyTorch expands", () => {
  const token = g.input("class", "FP32", [1, 1, 32]);
  const wanted = vector(size(x, 0), -1, -1);
  const filler = ones(g.shape(wanted));
  const kept = g.equal(wanted, g.mul(filler, scalar(-1)));
  const target = g.where(kept, filler, wanted);
  expect(target.content).toEqual(["batch", 1, 1]);
  expect(g.expand(token, target).shape).toEqual(["batch", 1, 32]);
});

test("Range, Unsqueeze, Expand: the positions of a dynamic length", () => {
  const row = g.unsqueeze(g.node("Range", [scalar(0), size(x, 1), scalar(1)]), [0]);
  expect(row.shape).toEqual([1, "length"]);
  expect(g.expand(row, vector(size(x, 0), size(x, 1))).shape).toEqual(["batch", "length"]);
  const table = g.input("positions", "FP32", [512, 256]);
  expect(g.gather(table, row).shape).toEqual([1, "length", 256]);
});

test("Split of a shape, and an index from behind", () => {
  const [lead, rest] = g.split(g.shape(x), [1, 2]);
  expect([lead!.content, rest!.content]).toEqual([["batch"], ["length", 256]]);
  expect(g.gather(g.shape(x), g.ints([-1, 0])).content).toEqual([256, "batch"]);
  expect(() => g.gather(g.shape(x), scalar(3))).toThrow("outside the 3 elements");
});

test("the rank stays known where nothing else is", () => {
  const sizes = g.input("sizes", "INT64", [2]);
  expect(g.reshape(x, g.concat([sizes, g.ints([4])], 0)).shape).toEqual(["?", "?", 4]);
  expect(g.expand(x, g.concat([sizes, g.ints([4, 1, 1])], 0)).shape).toHaveLength(5);
  expect(g.node("ConstantOfShape", [sizes]).shape).toEqual(["?", "?"]);
  expect(g.node("Tile", [x, g.concat([sizes, g.ints([1])], 0)]).shape).toEqual(["?", "?", 256]);
});
