import { type Case, compareKernels, f32, waves } from "./kernels.fixture.ts";
import { localNormalization } from "./local-normalization.ts";

const images = waves([2, 5, 2, 3], 1);
const cube = waves([2, 3, 4], 2);

const each = (
  op: string,
  x: Case["inputs"][number],
  attributes: NonNullable<Case["attributes"]> = {},
): Case => ({ op, inputs: [x], attributes });

compareKernels(localNormalization, [
  each("LRN", images, { size: 3 }),
  each("LRN", images, { size: 5, alpha: 0.5, beta: 1.5, bias: 2 }),
  each("LRN", images, { size: 1, alpha: 1, bias: 0.25 }),
  each("LRN", images, { size: 11, alpha: 3 }),
  // onnxruntime 1.30 takes images and windows of an odd size only.
  {
    ...each("LRN", f32([1, 3], [3, 4, 12]), { size: 2, alpha: 2, beta: 0.5, bias: 0 }),
    expected: [f32([1, 3], [3 / 5, 4 / Math.sqrt(160), 1])],
  },
  {
    ...each("LRN", f32([1, 2, 2], [1, 2, 2, 3]), { size: 3, alpha: 3, beta: 1 }),
    expected: [f32([1, 2, 2], [1 / 6, 2 / 14, 2 / 6, 3 / 14])],
  },

  each("LpNormalization", cube),
  each("LpNormalization", cube, { p: 1 }),
  each("LpNormalization", cube, { axis: 1 }),
  each("LpNormalization", cube, { axis: -3, p: 1 }),
  each("LpNormalization", f32([2, 2], [0, 0, 3, -4])),
  each("LpNormalization", f32([2, 2], [0, 0, 3, -4]), { p: 1 }),

  each("MeanVarianceNormalization", images),
  each("MeanVarianceNormalization", images, { axes: [2, 3] }),
  each("MeanVarianceNormalization", cube, { axes: [-1, 0] }),
  each("MeanVarianceNormalization", cube, { axes: [1] }),
  each("MeanVarianceNormalization", waves([6], 3), { axes: [0] }),
  // Where nothing varies, onnxruntime 1.30 divides by 0.
  {
    ...each("MeanVarianceNormalization", f32([1, 2], [3, 3]), { axes: [1] }),
    expected: [f32([1, 2], [0, 0])],
  },
]);
