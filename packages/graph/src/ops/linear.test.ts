import { a, b, compareKernels, cube, each, f32 } from "./kernels.fixture.ts";
import { linear } from "./linear.ts";

compareKernels(linear, [
  ...each(["MatMul"], a, f32([3, 2], [1, 2, 3, 4, 5, 6])),
  ...each(["MatMul"], b, f32([3], [1, 2, 3])),
  ...each(["MatMul"], b, f32([2, 3, 1], [1, 2, 3, 4, 5, 6])),
  ...each(["MatMul"], cube, f32([2, 1, 3, 2], [...Array(12).keys()])),
  { op: "Gemm", inputs: [a, f32([3, 2], [1, 2, 3, 4, 5, 6])] },
  {
    op: "Gemm",
    inputs: [a, f32([2, 2], [1, 2, 3, 4]), f32([2], [1, -1])],
    attributes: { alpha: 0.5, beta: 2, transA: 1, transB: 1 },
  },
]);
