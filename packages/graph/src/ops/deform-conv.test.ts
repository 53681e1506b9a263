import { expect, test } from "vitest";
import { graphBuilder } from "../index.ts";
import { deformations } from "./deform-conv.ts";
import { type Case, compareKernels, f32, waves } from "./kernels.fixture.ts";

const image = waves([2, 4, 5, 6], 1);
const weights = waves([4, 4, 3, 2], 2);

/** Moves of up to three elements, so that some points leave the image. */
const cases: readonly Case[] = [
  { inputs: [image, weights, waves([2, 12, 3, 5], 3)] },
  { inputs: [image, weights, waves([2, 12, 3, 5], 3), waves([4], 4)] },
  {
    inputs: [image, weights, waves([2, 12, 3, 5], 3), waves([4], 4), waves([2, 6, 3, 5], 5)],
    attributes: { kernel_shape: [3, 2] },
  },
  {
    inputs: [image, weights, waves([2, 12, 3, 2], 3), undefined, waves([2, 6, 3, 2], 5)],
    attributes: { strides: [2, 3], pads: [1, 0, 2, 1] },
  },
  {
    inputs: [image, weights, waves([2, 12, 3, 5], 3)],
    attributes: { dilations: [2, 3], pads: [2, 1, 0, 1] },
  },
  {
    inputs: [
      image,
      waves([6, 2, 3, 2], 2),
      waves([2, 24, 3, 5], 3),
      undefined,
      waves([2, 12, 3, 5], 5),
    ],
    attributes: { group: 2, offset_group: 2 },
  },
  {
    inputs: [image, waves([2, 2, 3, 2], 2), waves([2, 48, 3, 5], 3)],
    attributes: { group: 2, offset_group: 4 },
  },
  {
    // onnxruntime 1.30 has it for images only. Without moves it is a convolution.
    inputs: [
      f32([1, 1, 5], [1, 2, 3, 4, 5]),
      f32([1, 1, 2], [1, 10]),
      f32([1, 2, 4], [0, 0, 0.5, 0, 0, 1, 0, 0.25]),
    ],
    expected: [f32([1, 1, 4], [21, 42, 43.5, 41.5])],
  },
].map((given) => ({ op: "DeformConv", ...given }));

compareKernels(deformations, cases);

test("refuses groups and moves that do not fit", () => {
  const g = graphBuilder("refused");
  const x = g.input("x", "FP32", ["n", 4, 5, 6]);
  const w = g.input("w", "FP32", [4, 4, 3, 2]);
  const node = (offset: readonly number[], attributes = {}) =>
    g.node("DeformConv", [x, w, g.input("offset", "FP32", offset)], attributes);
  expect(() => node([2, 12, 3, 5], { offset_group: 3 })).toThrow("4 channels do not divide into 3");
  expect(() => node([2, 6, 3, 5])).toThrow("a size is 6 on one side and 12 on the other");
  expect(() => node([2, 12, 4, 5])).toThrow("a size is 4 on one side and 3 on the other");
});
