import { indexing } from "./indexing.ts";
import {
  a,
  bool,
  type Case,
  compareKernels,
  cube,
  each,
  f32,
  i32,
  i64,
  text,
  whole,
  words,
} from "./kernels.fixture.ts";

compareKernels(indexing, [
  { op: "Gather", inputs: [cube, i64([2], [-1, 0])], attributes: { axis: 1 } },
  // Single texts only: of a row of them, onnxruntime 1.30 gathers just the first.
  { op: "Gather", inputs: [text([3], ["a", "ü", "b"]), i32([2], [1, -1])] },
  { op: "Gather", inputs: [whole, i64([2, 2], [0, 2, 1, -1])], attributes: { axis: -1 } },
  { op: "GatherElements", inputs: [a, i64([2, 2], [0, 2, 1, -1])], attributes: { axis: 1 } },
  ...["none", "add", "mul", "min", "max"].map(
    (reduction): Case => ({
      op: "ScatterElements",
      inputs: [a, i64([2, 2], [0, 2, 1, -1]), f32([2, 2], [9, 8, -7, 6])],
      attributes: { axis: 1, reduction },
    }),
  ),
  { op: "OneHot", inputs: [i64([3], [0, -1, 5]), i64([], [3]), f32([2], [0.5, 2])] },
  {
    op: "OneHot",
    inputs: [i32([2], [1, 0]), i32([], [2]), f32([2], [0, 1])],
    attributes: { axis: 0 },
  },
  ...each(["NonZero"], a),
  ...each(["NonZero"], bool([3], [0, 0, 0])),
  { op: "Concat", inputs: [a, a, f32([2, 1], [8, 9])], attributes: { axis: -1 } },
  { op: "Concat", inputs: [words, words], attributes: { axis: 0 } },
  { op: "Split", inputs: [cube, i64([2], [1, 2])], attributes: { axis: -1 }, outputs: 2 },
  { op: "Split", inputs: [cube], attributes: { axis: 2, num_outputs: 2 }, outputs: 2 },
]);
