/** Arithmetic and functions of one number at a time, with broadcasting. */
import type { DataType } from "@amaas/tensor";
import type { Dimension } from "../graph.ts";
import { misfit } from "../misfit.ts";
import { broadcastTo, generate, type NDArray, numbersOf } from "../ndarray.ts";
import { fallback, operator } from "../operator.ts";
import {
  broadcastShapes,
  sizeOf,
  staticShape,
  unknownDimension,
  type ValueType,
} from "../shape.ts";
import { castElement, wrapInteger } from "./cast.ts";
import { combine, known, type Law, laws, mapContent, zipContent } from "./content.ts";
import { erf } from "./erf.ts";
import { isFloat, wantFloat, wantNumeric, wantSame } from "./type-classes.ts";

type Check = (name: string, x: ValueType) => void;
type Compute = (a: number, b: number, type: DataType) => number;

interface Exactness {
  /** Every machine gives the same number, so it may be known beforehand. */
  readonly exact?: boolean;
  /** A size comes out as it was. */
  readonly keepsSizes?: boolean;
}

/** A function of each element. */
export function unary(compute: (x: number) => number, check: Check, of: Exactness = {}) {
  return operator({
    inputs: ["X"],
    outputs: ["Y"],
    attributes: {},
    infer({ x: [x] }) {
      check("X", x);
      const element = (a: Dimension): Dimension => {
        if (typeof a === "number") return known(compute(a), x.type);
        return of.keepsSizes ? a : unknownDimension;
      };
      const content = of.exact ? mapContent(x.content, element) : undefined;
      return [{ type: x.type, shape: x.shape, content }];
    },
    evaluate: ({ x: [x] }) => [mapNumbers(x, (value) => castElement(compute(value), x.type))],
  });
}

export function mapNumbers(x: NDArray, compute: (x: number) => number): NDArray {
  const data = numbersOf(x);
  return generate(x.type, x.shape, (index) => compute(data[index]!));
}

/** `run` is how it is computed where it is not foreseen but done. */
function arithmetic(compute: Compute, law: Law, run: Compute = compute) {
  return operator({
    inputs: ["A", "B"],
    outputs: ["C"],
    attributes: {},
    infer({ x: [a, b] }) {
      wantNumeric("A", a);
      wantSame(a, b);
      const content = zipContent([a.content, b.content], combine(a.type, compute, law));
      return [{ type: a.type, shape: broadcastShapes(a.shape, b.shape), content }];
    },
    evaluate: ({ x: [a, b], y: [y] }) => [zip(a, b, staticShape(y), a.type, run)],
  });
}

/** Integers of fixed width wrap around; where float64 would round first, whole numbers of any length do not. */
function wrapping(
  compute: (a: number, b: number) => number,
  whole: (a: bigint, b: bigint) => bigint,
): Compute {
  return (a, b, type) => {
    const value = compute(a, b);
    if (isFloat(type)) return value;
    return wrapInteger(
      Number.isSafeInteger(value) ? BigInt(value) : whole(BigInt(a), BigInt(b)),
      type,
    );
  };
}

/** Two arrays, broadcast against each other, element by element. */
export function zip(
  a: NDArray,
  b: NDArray,
  shape: readonly number[],
  type: DataType,
  compute: Compute,
): NDArray {
  const left = numbersOf(broadcastTo(a, shape));
  const right = numbersOf(broadcastTo(b, shape));
  return generate(type, shape, (index) => compute(left[index]!, right[index]!, type));
}

/** Any number of inputs, broadcast against each other and folded from the left. */
function variadic(
  check: Check,
  fold: (a: number, b: number) => number,
  { law, last }: { law?: Law; last?: (folded: number, count: number) => number },
) {
  return operator({
    inputs: ["...data"],
    outputs: ["result"],
    attributes: {},
    infer({ x }) {
      for (const [index, each] of x.entries()) check(`data ${index}`, each);
      wantSame(...x);
      const { type } = x[0]!;
      const content =
        law &&
        zipContent(
          x.map((each) => each.content),
          combine(type, fold, law),
        );
      return [{ type, shape: broadcastShapes(...x.map((each) => each.shape)), content }];
    },
    evaluate({ x, y: [y] }) {
      const shape = staticShape(y);
      const [first, ...others] = x;
      const start = broadcastTo(first!, shape);
      const folded = others.reduce((a, b) => zip(a, b, shape, a.type, fold), start);
      return [last ? mapNumbers(folded, (value) => last(value, x.length)) : folded];
    },
  });
}

function wantOne(name: string, x: ValueType | undefined, like: ValueType): void {
  if (!x) return;
  wantSame(like, x);
  if ((sizeOf(x.shape) ?? 1) !== 1)
    misfit(`${name} has ${sizeOf(x.shape)} elements, one is wanted`);
}

/** To the nearest whole number, and to the even one of two that are as near. */
function roundHalfToEven(x: number): number {
  const nearest = Math.round(x);
  return Math.abs(x - Math.trunc(x)) === 0.5 && nearest % 2 !== 0 ? nearest - 1 : nearest;
}

/** Of integers, towards 0. */
const quotient: Compute = (a, b, type) => (isFloat(type) ? a / b : Math.trunc(a / b));

/** What is left of a division: with the sign of the divisor, or of the dividend as C's fmod has it. */
function remainder(fmod: boolean): Compute {
  return (a, b) => {
    const rest = a % b;
    return fmod || rest === 0 || rest > 0 === b > 0 ? rest : rest + b;
  };
}

/** No integer is what a division by 0 comes to; an engine may end its process over one. */
function dividing(compute: Compute): Compute {
  return (a, b, type) => {
    if (b === 0 && !isFloat(type)) misfit("an integer is divided by 0");
    return compute(a, b, type);
  };
}

const smaller = (a: number, b: number): number => Math.min(a, b);
const larger = (a: number, b: number): number => Math.max(a, b);

const whole: Exactness = { exact: true, keepsSizes: true };
const exact: Exactness = { exact: true };

export const elementwise = {
  Add: arithmetic(
    wrapping(
      (a, b) => a + b,
      (a, b) => a + b,
    ),
    laws.Add,
  ),
  Sub: arithmetic(
    wrapping(
      (a, b) => a - b,
      (a, b) => a - b,
    ),
    laws.Sub,
  ),
  Mul: arithmetic(
    wrapping(
      (a, b) => a * b,
      (a, b) => a * b,
    ),
    laws.Mul,
  ),
  Div: arithmetic(quotient, laws.Div, dividing(quotient)),

  Mod: operator({
    inputs: ["A", "B"],
    outputs: ["C"],
    attributes: { fmod: fallback("int", 0) },
    infer({ x: [a, b], attributes: { fmod } }) {
      wantNumeric("A", a);
      wantSame(a, b);
      if (isFloat(a.type) && !fmod) misfit(`A is ${a.type}, which only fmod=1 takes`);
      const compute = combine(a.type, remainder(fmod !== 0), laws.Mod);
      const content = zipContent([a.content, b.content], compute);
      return [{ type: a.type, shape: broadcastShapes(a.shape, b.shape), content }];
    },
    evaluate: ({ x: [a, b], attributes: { fmod }, y: [y] }) => [
      zip(a, b, staticShape(y), a.type, dividing(remainder(fmod !== 0))),
    ],
  }),

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
      zip(base, exponent, staticShape(y), base.type, (a, b) => castElement(a ** b, base.type)),
    ],
  }),

  Sum: variadic(wantFloat, (a, b) => a + b, {}),
  Mean: variadic(wantFloat, (a, b) => a + b, { last: (sum, count) => sum / count }),
  Min: variadic(wantNumeric, smaller, { law: laws.Min }),
  Max: variadic(wantNumeric, larger, { law: laws.Max }),

  Neg: unary((x) => -x, wantNumeric, exact),
  Abs: unary(Math.abs, wantNumeric, whole),
  Sign: unary(Math.sign, wantNumeric, exact),
  Floor: unary(Math.floor, wantFloat, whole),
  Ceil: unary(Math.ceil, wantFloat, whole),
  Round: unary(roundHalfToEven, wantFloat, whole),
  Reciprocal: unary((x) => 1 / x, wantFloat, exact),
  Exp: unary(Math.exp, wantFloat),
  Log: unary(Math.log, wantFloat),
  Sqrt: unary(Math.sqrt, wantFloat, exact),
  Erf: unary(erf, wantNumeric),
  Tanh: unary(Math.tanh, wantFloat),
  Sigmoid: unary((x) => 1 / (1 + Math.exp(-x)), wantFloat),
  Relu: unary((x) => Math.max(x, 0), wantNumeric, whole),

  // Where the bounds cross, every element is the upper one.
  Clip: operator({
    inputs: ["input", "min?", "max?"],
    outputs: ["output"],
    attributes: {},
    infer({ x: [x, min, max] }) {
      wantNumeric("input", x);
      wantOne("min", min, x);
      wantOne("max", max, x);
      const { type, shape } = x;
      const above = min
        ? zipContent([x.content, min.content], combine(type, larger, laws.Max))
        : x.content;
      const content = max
        ? zipContent([above, max.content], combine(type, smaller, laws.Min))
        : above;
      return [{ type, shape, content }];
    },
    evaluate({ x: [x, min, max] }) {
      const low = min ? numbersOf(min)[0]! : -Infinity;
      const high = max ? numbersOf(max)[0]! : Infinity;
      return [mapNumbers(x, (value) => Math.min(Math.max(value, low), high))];
    },
  }),
};
