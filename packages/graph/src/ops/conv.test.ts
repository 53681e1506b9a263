import { convolutions } from "./conv.ts";
import { type Case, compareKernels, f32, waves } from "./kernels.fixture.ts";

const image = waves([2, 3, 5, 6], 1);
const weights = waves([4, 3, 3, 2], 2);

const convs: readonly Case[] = [
  { inputs: [waves([2, 3, 7], 1), waves([2, 3, 3], 2)] },
  { inputs: [image, weights, waves([4], 3)] },
  { inputs: [image, weights], attributes: { kernel_shape: [3, 2], pads: [1, 0, 2, 1] } },
  { inputs: [image, weights], attributes: { strides: [2, 3], pads: [1, 1, 0, 1] } },
  { inputs: [image, weights], attributes: { dilations: [2, 3] } },
  { inputs: [image, weights], attributes: { auto_pad: "SAME_UPPER", strides: [2, 1] } },
  { inputs: [image, weights], attributes: { auto_pad: "SAME_LOWER", strides: [1, 2] } },
  {
    // onnxruntime 1.30 does not take dilations with auto_pad.
    inputs: [f32([1, 1, 5], [1, 2, 3, 4, 5]), f32([1, 1, 2], [1, 10])],
    attributes: { auto_pad: "SAME_LOWER", dilations: [3] },
    expected: [f32([1, 1, 5], [20, 30, 41, 52, 3])],
  },
  { inputs: [image, weights], attributes: { auto_pad: "VALID" } },
  { inputs: [waves([1, 4, 4, 4], 4), waves([6, 2, 3, 3], 5)], attributes: { group: 2 } },
  { inputs: [waves([1, 3, 4, 4], 4), waves([6, 1, 3, 3], 5)], attributes: { group: 3 } },
  { inputs: [waves([1, 2, 3, 4, 3], 6), waves([3, 2, 2, 2, 2], 7), waves([3], 8)] },
  {
    inputs: [waves([1, 2, 4, 4, 5], 6), waves([2, 1, 2, 2, 3], 7)],
    attributes: { group: 2, strides: [1, 2, 2], pads: [0, 1, 0, 1, 0, 1], dilations: [2, 1, 1] },
  },
].map((given) => ({ op: "Conv", ...given }));

const small = waves([2, 4, 3, 4], 1);
const kernel = waves([4, 3, 3, 2], 2);

const transposes: readonly Case[] = [
  { inputs: [waves([2, 3, 4], 1), waves([3, 2, 3], 2)] },
  { inputs: [small, kernel, waves([3], 3)] },
  { inputs: [small, kernel], attributes: { kernel_shape: [3, 2], pads: [1, 0, 2, 1] } },
  {
    inputs: [small, kernel],
    attributes: { strides: [2, 3], pads: [1, 1, 0, 1], output_padding: [1, 2] },
  },
  { inputs: [small, kernel], attributes: { dilations: [2, 3], strides: [1, 2] } },
  { inputs: [small, kernel], attributes: { auto_pad: "SAME_UPPER", strides: [2, 1] } },
  { inputs: [small, kernel], attributes: { auto_pad: "SAME_LOWER", strides: [2, 1] } },
  { inputs: [small, kernel], attributes: { auto_pad: "VALID", strides: [2, 1] } },
  { inputs: [small, kernel], attributes: { strides: [2, 2], output_shape: [6, 8] } },
  { inputs: [small, kernel], attributes: { strides: [2, 2], output_shape: [4, 5] } },
  {
    inputs: [small, kernel],
    attributes: { strides: [2, 2], output_shape: [6, 7], auto_pad: "SAME_UPPER" },
  },
  { inputs: [waves([1, 4, 3, 3], 4), waves([4, 3, 2, 3], 5)], attributes: { group: 2 } },
  {
    inputs: [waves([1, 3, 3, 3], 4), waves([3, 1, 3, 3], 5)],
    attributes: { group: 3, strides: [2, 2], pads: [1, 1, 1, 1], output_padding: [1, 1] },
  },
  {
    inputs: [waves([1, 2, 2, 3, 2], 6), waves([2, 2, 2, 2, 3], 7), waves([2], 8)],
    attributes: { strides: [1, 2, 1] },
  },
].map((given) => ({ op: "ConvTranspose", ...given }));

compareKernels(convolutions, [...convs, ...transposes]);
