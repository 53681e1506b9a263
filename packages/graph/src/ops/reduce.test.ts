import { type Case, compareKernels, cube, i64, whole } from "./kernels.fixture.ts";
import { reductions } from "./reduce.ts";

compareKernels(reductions, [
  ...["ReduceSum", "ReduceMean", "ReduceMax"].flatMap((op): readonly Case[] => [
    { op, inputs: [cube] },
    { op, inputs: [cube], attributes: { keepdims: 0 } },
    { op, inputs: [cube], attributes: { noop_with_empty_axes: 1 } },
    { op, inputs: [cube, i64([2], [0, -1])] },
    { op, inputs: [cube, i64([1], [1])], attributes: { keepdims: 0 } },
  ]),
  { op: "ReduceSum", inputs: [whole, i64([1], [1])] },
  { op: "ArgMax", inputs: [cube], attributes: { axis: 1 } },
  { op: "ArgMax", inputs: [cube], attributes: { axis: -1, keepdims: 0 } },
  { op: "ArgMax", inputs: [cube], attributes: { axis: 2, select_last_index: 1 } },
]);
