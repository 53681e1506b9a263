/** Comparisons, boolean operators and the choice between two values. */
import type { DataType } from "@amaas/tensor";
import { broadcastTo, generate, type NDArray, numbersOf } from "../ndarray.ts";
import { fallback, operator } from "../operator.ts";
import { broadcastShapes, staticShape, unknownDimension, type ValueType } from "../shape.ts";
import { choice, comparing, equality, mapContent, zipContent } from "./content.ts";
import { zip } from "./elementwise.ts";
import { want, wantFloat, wantNumeric, wantSame } from "./type-classes.ts";

type Check = (name: string, x: ValueType) => void;

function binary(check: Check, compute: (a: number, b: number, type: DataType) => boolean) {
  return operator({
    inputs: ["A", "B"],
    outputs: ["C"],
    attributes: {},
    infer({ x: [a, b] }) {
      check("A", a);
      wantSame(a, b);
      const compared = comparing((l, r) => compute(l, r, a.type));
      const content = zipContent([a.content, b.content], compared);
      return [{ type: "BOOL", shape: broadcastShapes(a.shape, b.shape), content }];
    },
    evaluate: ({ x: [a, b], y: [y] }) => [
      zip(a, b, staticShape(y), "BOOL", (l, r, type) => Number(compute(l, r, type))),
    ],
  });
}

function test(check: Check, compute: (x: number) => boolean) {
  return operator({
    inputs: ["X"],
    outputs: ["Y"],
    attributes: {},
    infer({ x: [x] }) {
      check("X", x);
      const content = mapContent(x.content, (a) =>
        typeof a === "number" ? Number(compute(a)) : unknownDimension,
      );
      return [{ type: "BOOL", shape: x.shape, content }];
    },
    evaluate: ({ x: [x] }) => [tested(x, compute)],
  });
}

function tested(x: NDArray, compute: (x: number) => boolean): NDArray {
  const data = numbersOf(x);
  return generate("BOOL", x.shape, (index) => Number(compute(data[index]!)));
}

const wantBoolean: Check = (name, x) => want("BOOL", name, x);

function equal(a: NDArray, b: NDArray, shape: readonly number[]): NDArray {
  const left = broadcastTo(a, shape).data;
  const right = broadcastTo(b, shape).data;
  return generate("BOOL", shape, (index) => Number(left[index] === right[index]));
}

function choose(chosen: Float64Array, a: NDArray, b: NDArray): NDArray {
  const { type, shape } = a;
  const pick = <T>(left: ArrayLike<T>, right: ArrayLike<T>, index: number): T =>
    (chosen[index] === 1 ? left : right)[index]!;
  if (a.data instanceof Float64Array || b.data instanceof Float64Array) {
    const [left, right] = [numbersOf(a), numbersOf(b)];
    return generate(type, shape, (index) => pick(left, right, index));
  }
  const [left, right] = [a.data, b.data];
  return { type, shape, data: left.map((_, index) => pick(left, right, index)) };
}

export const logic = {
  Greater: binary(wantNumeric, (a, b) => a > b),
  GreaterOrEqual: binary(wantNumeric, (a, b) => a >= b),
  Less: binary(wantNumeric, (a, b) => a < b),
  LessOrEqual: binary(wantNumeric, (a, b) => a <= b),
  Equal: operator({
    inputs: ["A", "B"],
    outputs: ["C"],
    attributes: {},
    infer({ x: [a, b] }) {
      wantSame(a, b);
      const content = zipContent([a.content, b.content], equality);
      return [{ type: "BOOL", shape: broadcastShapes(a.shape, b.shape), content }];
    },
    evaluate: ({ x: [a, b], y: [y] }) => [equal(a, b, staticShape(y))],
  }),
  And: binary(wantBoolean, (a, b) => a === 1 && b === 1),
  Or: binary(wantBoolean, (a, b) => a === 1 || b === 1),
  Xor: binary(wantBoolean, (a, b) => a !== b),
  Not: test(wantBoolean, (x) => x === 0),
  IsNaN: test(wantFloat, Number.isNaN),
  IsInf: operator({
    inputs: ["X"],
    outputs: ["Y"],
    attributes: { detect_negative: fallback("int", 1), detect_positive: fallback("int", 1) },
    infer({ x: [x] }) {
      wantFloat("X", x);
      return [{ type: "BOOL", shape: x.shape }];
    },
    evaluate: ({ x: [x], attributes: { detect_negative, detect_positive } }) => [
      tested(
        x,
        (value) =>
          (value === Infinity && detect_positive !== 0) ||
          (value === -Infinity && detect_negative !== 0),
      ),
    ],
  }),
  Where: operator({
    inputs: ["condition", "X", "Y"],
    outputs: ["output"],
    attributes: {},
    infer({ x: [condition, a, b] }) {
      want("BOOL", "condition", condition);
      wantSame(a, b);
      const shape = broadcastShapes(condition.shape, a.shape, b.shape);
      const content = zipContent([condition.content, a.content, b.content], choice);
      return [{ type: a.type, shape, content }];
    },
    evaluate({ x: [condition, a, b], y: [y] }) {
      const shape = staticShape(y);
      const chosen = numbersOf(broadcastTo(condition, shape));
      return [choose(chosen, broadcastTo(a, shape), broadcastTo(b, shape))];
    },
  }),
};
