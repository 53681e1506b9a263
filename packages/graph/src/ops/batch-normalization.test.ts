import { batchNormalization } from "./batch-normalization.ts";
import { compareKernels, f32, positive, waves } from "./kernels.fixture.ts";

const images = waves([2, 3, 2, 4], 1);
const statistics = [waves([3], 2), waves([3], 3), waves([3], 4), f32([3], [0.5, 1, 2.5])];
const one = [f32([1], [2]), f32([1], [-1]), f32([1], [0.5]), f32([1], [4])];
const op = "BatchNormalization";

compareKernels(batchNormalization, [
  { op, inputs: [images, ...statistics] },
  { op, inputs: [images, ...statistics], attributes: { epsilon: 0.5 } },
  { op, inputs: [positive, ...statistics] },
  { op, inputs: [waves([5], 5), ...one] },
  { op, inputs: [images, ...statistics], attributes: { training_mode: 1 }, outputs: 3 },
  {
    op,
    inputs: [images, ...statistics],
    attributes: { training_mode: 1, momentum: 0.25, epsilon: 0.125 },
    outputs: 3,
  },
  { op, inputs: [positive, ...statistics], attributes: { training_mode: 1 }, outputs: 3 },
  {
    op,
    inputs: [waves([2, 3, 5], 6), ...statistics],
    attributes: { training_mode: 1 },
    outputs: 3,
  },
]);
