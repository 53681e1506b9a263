import {
  a,
  b,
  bool,
  compareKernels,
  divisor,
  each,
  f32,
  i64,
  nan,
  text,
  whole,
  words,
} from "./kernels.fixture.ts";
import { logic } from "./logic.ts";

const infinite = f32([4], [Infinity, 1, -Infinity, Number.NaN]);

compareKernels(logic, [
  ...each(["Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Equal"], a, f32([], [0.5])),
  ...each(["Greater", "Less", "Equal"], whole, i64([], [4])),
  ...each(["Equal"], words, text([1], ["a"])),
  ...each(["And", "Or", "Xor", "Equal"], bool([2, 1], [1, 0]), bool([2], [0, 1])),
  ...each(["Not"], bool([2], [0, 1])),
  ...each(["IsNaN"], nan),
  { op: "IsInf", inputs: [infinite] },
  { op: "IsInf", inputs: [infinite], attributes: { detect_negative: 0 } },
  { op: "IsInf", inputs: [infinite], attributes: { detect_positive: 0 } },
  ...each(["Where"], bool([2, 1], [1, 0]), a, b),
  ...each(["Where"], bool([2, 1], [1, 0]), words, text([], ["x"])),
  ...each(["Where"], bool([3], [1, 0, 1]), whole, divisor),
]);
