import { bool, type Case, compareKernels, cube, f32, i32, i64, whole } from "./kernels.fixture.ts";
import { reductions } from "./reduce.ts";

const folds = Object.keys(reductions).filter((op) => op.startsWith("Reduce"));
const positive = f32(
  [2, 2, 3],
  [...cube.data].map((n) => Math.abs(Number(n))),
);
const far = f32([3, 2], [-100, 100, 90, 88, -1e4, -Infinity]);
const empty = f32([2, 0, 3], []);

compareKernels(reductions, [
  ...folds.flatMap((op): readonly Case[] => {
    const x = op === "ReduceLogSum" ? positive : cube;
    return [
      { op, inputs: [x] },
      { op, inputs: [x], attributes: { keepdims: 0 } },
      { op, inputs: [x], attributes: { noop_with_empty_axes: 1 } },
      { op, inputs: [x, i64([2], [0, -1])] },
      { op, inputs: [x, i64([1], [1])], attributes: { keepdims: 0 } },
      // ONNX leaves the mean of nothing undefined: it is 0 in onnxruntime, and no number here as in NumPy.
      op === "ReduceMean"
        ? {
            op,
            inputs: [empty, i64([1], [1])],
            expected: [f32([2, 1, 3], Array(6).fill(Number.NaN))],
          }
        : { op, inputs: [empty, i64([1], [1])] },
    ];
  }),
  ...folds.map((op): Case => ({ op, inputs: [i32([3], [7, 2, 9]), i64([1], [0])] })),
  { op: "ReduceLogSumExp", inputs: [far, i64([1], [1])] },
  { op: "ReduceLogSumExp", inputs: [f32([2], [-Infinity, -Infinity])] },
  { op: "ReduceSum", inputs: [whole, i64([1], [1])] },
  { op: "ReduceProd", inputs: [whole, i64([1], [1])] },
  { op: "ReduceMax", inputs: [bool([2, 2], [0, 0, 0, 1]), i64([1], [1])] },
  { op: "ReduceMin", inputs: [bool([2, 2], [1, 1, 0, 1]), i64([1], [1])] },
  ...["ArgMax", "ArgMin"].flatMap((op): readonly Case[] => [
    { op, inputs: [cube], attributes: { axis: 1 } },
    { op, inputs: [cube], attributes: { axis: -1, keepdims: 0 } },
    { op, inputs: [cube], attributes: { axis: 2, select_last_index: 1 } },
  ]),
]);
