import { cumulations } from "./cumulative.ts";
import { type Case, compareKernels, cube, i32, i64, whole } from "./kernels.fixture.ts";

compareKernels(cumulations, [
  ...[0, 1, 2, -1].map((axis): Case => ({ op: "CumSum", inputs: [cube, i64([], [axis])] })),
  { op: "CumSum", inputs: [cube, i32([1], [1])], attributes: { exclusive: 1 } },
  { op: "CumSum", inputs: [cube, i64([], [1])], attributes: { reverse: 1 } },
  { op: "CumSum", inputs: [cube, i64([], [2])], attributes: { exclusive: 1, reverse: 1 } },
  { op: "CumSum", inputs: [whole, i64([], [0])] },
]);
