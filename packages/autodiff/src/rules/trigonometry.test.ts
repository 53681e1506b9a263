import fc from "fast-check";
import type { Case } from "../oracle.fixture.ts";
import { judge, signed, unary } from "./judge.fixture.ts";
import { trigonometry } from "./trigonometry.ts";

const inside = fc.integer({ min: -14, max: 14 }).map((n) => n / 16 + 1 / 64);
const above = fc.integer({ min: 20, max: 60 }).map((n) => n / 16);
const short = signed.map((n) => n / 2.1);

/** onnxruntime has float64 kernels for Sin and Cos alone. */
const cases = (op: string, elements: fc.Arbitrary<number>) =>
  unary((g, x) => g.node(op, [x]), elements).map((given): Case => ({ ...given, engine: "FP32" }));

judge(trigonometry, {
  Sin: cases("Sin", signed),
  Cos: cases("Cos", signed),
  Tan: cases("Tan", short),
  Asin: cases("Asin", inside),
  Acos: cases("Acos", inside),
  Atan: cases("Atan", signed),
  Sinh: cases("Sinh", signed),
  Cosh: cases("Cosh", signed),
  Asinh: cases("Asinh", signed),
  Acosh: cases("Acosh", above),
  Atanh: cases("Atanh", inside),
});
