import { ndarray } from "../ndarray.ts";
import { bitwise } from "./bitwise.ts";
import { compareKernels, each, i32, i64 } from "./kernels.fixture.ts";

const u8 = ndarray("UINT8", [3], [1, 200, 255]);
const u32 = ndarray("UINT32", [2, 1], [3, 2 ** 31 + 5]);
const amounts = ndarray("UINT32", [3], [0, 1, 31]);
const negative = i32([3], [-1, 5, -(2 ** 31)]);
const mask = i32([2, 1], [6, -4]);
const far = i64([2], [2 ** 40 + 1, -3]);

compareKernels(bitwise, [
  ...["LEFT", "RIGHT"].flatMap((direction) => [
    { op: "BitShift", inputs: [u32, amounts], attributes: { direction } },
    {
      op: "BitShift",
      inputs: [u8, ndarray("UINT8", [], [2])],
      attributes: { direction },
    },
  ]),
  ...each(["BitwiseAnd", "BitwiseOr", "BitwiseXor"], negative, mask),
  ...each(["BitwiseAnd", "BitwiseOr", "BitwiseXor"], far, i64([], [2 ** 40 + 7])),
  ...each(["BitwiseNot"], negative),
  ...each(["BitwiseNot"], u8),
]);
