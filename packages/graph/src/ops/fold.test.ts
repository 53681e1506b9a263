import { expect, test } from "vitest";
import { graphBuilder } from "../index.ts";
import { folding } from "./fold.ts";
import { type Case, compareKernels, i64, waves } from "./kernels.fixture.ts";

const fold = (
  x: readonly number[],
  image: readonly number[],
  block: readonly number[],
  attributes: Case["attributes"] = {},
): Case => ({
  op: "Col2Im",
  inputs: [waves(x, x.length), i64([image.length], image), i64([block.length], block)],
  attributes,
});

const strided = fold([2, 8, 4], [4, 6], [2, 2], { strides: [2, 3] });

compareKernels(folding, [
  fold([1, 5, 5], [5, 5], [1, 5]),
  fold([2, 12, 12], [4, 5], [2, 2]),
  strided,
  { ...strided, constants: [1, 2] },
  fold([1, 18, 6], [5, 6], [3, 3], { strides: [2, 2], pads: [1, 0, 0, 1] }),
  fold([1, 4, 6], [4, 5], [2, 2], { dilations: [2, 2] }),
  fold([1, 16, 6], [3, 4, 2], [2, 2, 2]),
]);

test("shapes", () => {
  const g = graphBuilder("shapes");
  const x = g.input("x", "FP32", ["n", 12, 6]);
  const image = g.shape(g.input("image", "FP32", ["n", "height", 4]), 1, 3);
  const col2im = (size: readonly number[], block: readonly number[]) =>
    g.node("Col2Im", [x, g.ints(size), g.ints(block)]);
  expect(col2im([3, 4], [2, 2]).shape).toEqual(["n", 3, 3, 4]);
  expect(g.node("Col2Im", [x, image, g.ints([2, 2])]).shape).toEqual(["n", 3, "height", 4]);
  expect(g.node("Col2Im", [x, image, g.input("block", "INT64", [2])]).shape?.[1]).toBe("?");
  expect(() => col2im([3, 4], [5, 1])).toThrow("does not fit");
  expect(() => col2im([3, 6], [1, 5])).toThrow("12 rows do not divide into blocks of 5");
  expect(() => col2im([4, 4], [2, 2])).toThrow("a size is 6 on one side and 9 on the other");
});
