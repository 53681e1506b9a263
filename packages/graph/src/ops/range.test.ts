import { expect, test } from "vitest";
import { graphBuilder, ndarray, tensorOf } from "../index.ts";
import { a, type Case, compareKernels, each, f32, i32, i64 } from "./kernels.fixture.ts";
import { ranges } from "./range.ts";

compareKernels(ranges, [
  ...each(["Range"], i64([], [2]), i64([], [11]), i64([], [3])),
  ...each(["Range"], i32([], [5]), i32([], [-2]), i32([], [-2])),
  ...each(["Range"], f32([], [0.5]), f32([], [2]), f32([], [0.25])),
  ...each(["Range"], ...[1, 0, 0.5].map((value) => ndarray("FP64", [], [value]))),
  ...each(["EyeLike"], a),
  ...[-1, 1, 2, 5].map((k): Case => ({ op: "EyeLike", inputs: [a], attributes: { k, dtype: 7 } })),
]);

test("counts sizes", () => {
  const g = graphBuilder("ranges");
  const scalar = (value: number) => g.scalar(value, "INT64");
  const x = g.input("x", "FP32", ["batch", 5]);
  const size = (axis: number) => g.gather(g.shape(x), scalar(axis));
  const range = (...parts: Parameters<typeof g.node>[1]) => g.node("Range", parts);
  expect(range(scalar(0), size(0), scalar(1)).shape).toEqual(["batch"]);
  expect(range(scalar(1), size(0), scalar(1)).shape).toEqual(["?"]);
  expect(range(scalar(1), size(1), scalar(2))).toMatchObject({ shape: [2], content: [1, 3] });
  const half = g.constant(tensorOf("FP32", [], [0.5]));
  expect(range(half, half, half).shape).toEqual(["?"]);
  expect(() => range(scalar(0), scalar(4), scalar(0))).toThrow("the step is 0");
});
