import { expect, test } from "vitest";
import { shapeFor } from "./raw-input.ts";

test.each<[elements: number, model: number[], shape: number[] | undefined]>([
  [8, [-1, 4], [2, 4]],
  [4, [4], [4]],
  [1, [], []],
  [0, [-1, 4], [0, 4]],
  [6, [-1, -1], [1, 6]],
  [6, [-1, 2, -1], [1, 2, 3]],
  [6, [2, -1], [2, 3]],
  [6, [2, -1, -1], undefined],
  [6, [-1, -1, -1], undefined],
  [7, [-1, 4], undefined],
  [3, [4], undefined],
  [1.5, [-1], undefined],
  [0, [-1, 0], undefined],
])("%d elements of a model that takes %j are %j", (elements, model, shape) => {
  expect(shapeFor(elements, model.map(BigInt))).toEqual(shape?.map(BigInt));
});
