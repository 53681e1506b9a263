import { expect, test } from "vitest";
import { graphBuilder } from "../index.ts";
import { a, type Case, compareKernels, cube, f32, i64, text, whole } from "./kernels.fixture.ts";
import { scatters } from "./scatter.ts";

const gather = (indices: ReturnType<typeof i64>, batch_dims: number): Case => ({
  op: "GatherND",
  inputs: [cube, indices],
  attributes: { batch_dims },
});

compareKernels(scatters, [
  gather(i64([2, 1], [1, -2]), 0),
  gather(i64([2, 2], [0, 1, 1, -1]), 0),
  gather(i64([1, 2, 3], [0, 1, 2, 1, 0, -3]), 0),
  gather(i64([2, 1], [1, 0]), 1),
  gather(i64([2, 3, 2], [0, 0, 1, -1, 1, 2, 0, 1, 0, 1, 0, 2]), 1),
  gather(i64([2, 2, 1], [0, 2, 1, -1]), 2),
  gather(i64([0, 1], []), 0),
  { op: "GatherND", inputs: [text([3], ["a", "ü", "b"]), i64([2, 1], [2, 0])] },
  ...["none", "add", "mul", "min", "max"].flatMap((reduction): readonly Case[] => [
    {
      op: "ScatterND",
      inputs: [a, i64([2, 2], [0, 1, -1, 2]), f32([2], [9, -7])],
      attributes: { reduction },
    },
    {
      op: "ScatterND",
      inputs: [cube, i64([1, 1], [-1]), f32([1, 2, 3], [9, 8, -7, 6, 0, 1])],
      attributes: { reduction },
    },
  ]),
  {
    op: "ScatterND",
    inputs: [a, i64([3, 1], [0, 1, 0]), f32([3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9])],
    attributes: { reduction: "add" },
  },
  { op: "ScatterND", inputs: [whole, i64([1, 1], [1]), i64([1, 3], [5, 6, 7])] },
]);

test("sizes", () => {
  const g = graphBuilder("sizes");
  const data = g.input("data", "FP32", ["batch", "n", 4, 5]);
  const indices = g.input("indices", "INT64", ["batch", "m", 2]);
  const gathered = (batch_dims: number) =>
    g.node("GatherND", [data, indices], { batch_dims }).shape;
  expect(gathered(0)).toEqual(["batch", "m", 4, 5]);
  expect(gathered(1)).toEqual(["batch", "m", 5]);
  const open = g.input("open", "INT64", ["m", "k"]);
  expect(g.node("GatherND", [data, open]).shape).toBeUndefined();
  expect(() => gathered(3)).toThrow("batch_dims 3");
});
