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

compareKernels(logic, [
  ...each(["Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Equal"], a, f32([], [0.5])),
  ...each(["Greater", "Less", "Equal"], whole, i64([], [4])),
  ...each(["Equal"], words, text([1], ["a"])),
  ...each(["And", "Or", "Equal"], bool([2, 1], [1, 0]), bool([2], [0, 1])),
  ...each(["Not"], bool([2], [0, 1])),
  ...each(["IsNaN"], nan),
  ...each(["Where"], bool([2, 1], [1, 0]), a, b),
  ...each(["Where"], bool([2, 1], [1, 0]), words, text([], ["x"])),
  ...each(["Where"], bool([3], [1, 0, 1]), whole, divisor),
]);
