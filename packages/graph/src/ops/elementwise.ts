/** Arithmetic and functions of one number at a time, with broadcasting. */
import type { DataType } from "@amaas/tensor";
import { broadcastTo, generate, type NDArray, numbersOf } from "../ndarray.ts";
import { operator } from "../operator.ts";
import { broadcastShapes, staticShape, type ValueType } from "../shape.ts";
import { isFloat, wantFloat, wantNumeric, wantSame } from "./type-classes.ts";

function unary(compute: (x: number) => number, check: (name: string, x: ValueType) => void) {
  return operator({
    inputs: ["X"],
    outputs: ["Y"],
    attributes: {},
    infer({ x: [x] }) {
      check("X", x);
      return [{ type: x.type, shape: x.shape }];
    },
    evaluate: ({ x: [x] }) => {
      const data = numbersOf(x);
      return [generate(x.type, x.shape, (index) => compute(data[index]!))];
    },
  });
}

function arithmetic(compute: (a: number, b: number, type: DataType) => number) {
  return operator({
    inputs: ["A", "B"],
    outputs: ["C"],
    attributes: {},
    infer({ x: [a, b] }) {
      wantNumeric("A", a);
      wantSame(a, b);
      return [{ type: a.type, shape: broadcastShapes(a.shape, b.shape) }];
    },
    evaluate: ({ x: [a, b], y: [y] }) => [zip(a, b, staticShape(y), a.type, compute)],
  });
}

/** Two arrays, broadcast against each other, element by element. */
export function zip(
  a: NDArray,
  b: NDArray,
  shape: readonly number[],
  type: DataType,
  compute: (a: number, b: number, type: DataType) => number,
): NDArray {
  const left = numbersOf(broadcastTo(a, shape));
  const right = numbersOf(broadcastTo(b, shape));
  return generate(type, shape, (index) => compute(left[index]!, right[index]!, type));
}

export const elementwise = {
  Add: arithmetic((a, b) => a + b),
  Sub: arithmetic((a, b) => a - b),
  Mul: arithmetic((a, b) => a * b),
  Div: arithmetic((a, b, type) => (isFloat(type) ? a / b : Math.trunc(a / b))),
  Pow: operator({
    inputs: ["X", "Y"],
    outputs: ["Z"],
    attributes: {},
    infer({ x: [base, exponent] }) {
      wantNumeric("X", base);
      wantNumeric("Y", exponent);
      return [{ type: base.type, shape: broadcastShapes(base.shape, exponent.shape) }];
    },
    evaluate: ({ x: [base, exponent], y: [y] }) => [
      zip(base, exponent, staticShape(y), base.type, (a, b) => a ** b),
    ],
  }),
  Neg: unary((x) => -x, wantNumeric),
  Abs: unary(Math.abs, wantNumeric),
  Sign: unary(Math.sign, wantNumeric),
  Exp: unary(Math.exp, wantFloat),
  Log: unary(Math.log, wantFloat),
  Sqrt: unary(Math.sqrt, wantFloat),
  Tanh: unary(Math.tanh, wantFloat),
  Sigmoid: unary((x) => 1 / (1 + Math.exp(-x)), wantFloat),
  Relu: unary((x) => Math.max(x, 0), wantNumeric),
};
