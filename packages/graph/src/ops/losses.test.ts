import { type Case, compareKernels, cube, f32, i32, i64 } from "./kernels.fixture.ts";
import { losses } from "./losses.ts";

const scores = f32([3, 4], [0.5, -1, 2, 0.25, 1, 1, 1, -3, 80, -80, 0, 60]);
const labels = i64([3], [2, 0, 3]);
const weights = f32([4], [0.5, 2, 1, 0.25]);
const deep = i32([2, 3], [1, 0, 1, 0, 0, 1]);

compareKernels(
  losses,
  Object.keys(losses).flatMap((op): readonly Case[] => [
    { op, inputs: [scores, labels] },
    ...["none", "sum", "mean"].flatMap((reduction): readonly Case[] => [
      { op, inputs: [scores, labels], attributes: { reduction, ignore_index: 0 } },
      { op, inputs: [scores, labels, weights], attributes: { reduction } },
      { op, inputs: [scores, labels, weights], attributes: { reduction, ignore_index: 2 } },
      { op, inputs: [cube, deep], attributes: { reduction } },
      { op, inputs: [cube, deep, f32([2], [1, 3])], attributes: { reduction, ignore_index: 1 } },
      // Labels that stand for nothing need not be classes.
      {
        op,
        inputs: [scores, i64([3], [-100, 1, -100])],
        attributes: { reduction, ignore_index: -100 },
      },
    ]),
    // Nothing is left: no number comes out, as in PyTorch.
    { op, inputs: [scores, i64([3], [7, 7, 7])], attributes: { ignore_index: 7 } },
    ...(op === "SoftmaxCrossEntropyLoss"
      ? [
          { op, inputs: [scores, labels], outputs: 2 },
          { op, inputs: [cube, deep], outputs: 2, attributes: { reduction: "none" } },
        ]
      : []),
  ]),
);
