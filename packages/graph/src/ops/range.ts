/** Operators that make a tensor out of little: counted numbers, a diagonal of ones. */
import type { Dimension } from "../graph.ts";
import { misfit } from "../misfit.ts";
import { generate, numbersOf } from "../ndarray.ts";
import { fallback, operator, optional } from "../operator.ts";
import { longestContent, staticShape, unknownDimension, type ValueType } from "../shape.ts";
import { typeOfCast } from "./cast.ts";
import { wantNumeric, wantSame } from "./type-classes.ts";

function wantScalar(name: string, { shape }: ValueType): void {
  if (shape && shape.length > 1) misfit(`${name} has ${shape.length} axes, one number is wanted`);
}

function countOf(start: number, limit: number, delta: number): number {
  if (delta === 0) misfit("the step is 0");
  return Math.max(0, Math.ceil((limit - start) / delta));
}

/** From 0 in steps of 1, a symbol is the length itself. */
function lengthOf(start?: Dimension, limit?: Dimension, delta?: Dimension): Dimension {
  if (limit === undefined) return unknownDimension;
  if (start === 0 && delta === 1 && typeof limit === "string") return limit;
  if (typeof start !== "number" || typeof limit !== "number" || typeof delta !== "number")
    return unknownDimension;
  return countOf(start, limit, delta);
}

export const ranges = {
  Range: operator({
    inputs: ["start", "limit", "delta"],
    outputs: ["output"],
    attributes: {},
    infer({ x }) {
      for (const [index, name] of ["start", "limit", "delta"].entries()) {
        wantNumeric(name, x[index]!);
        wantScalar(name, x[index]!);
      }
      wantSame(...x);
      // Only whole numbers are counted here: of others, rounding may decide whether there is one more.
      const whole = x[0].type === "INT64" || x[0].type === "INT32";
      const [start, limit, delta] = x.map((part) => (whole ? part.content?.[0] : undefined));
      const length = lengthOf(start, limit, delta);
      const known = typeof length === "number" && length <= longestContent;
      const content =
        known && typeof start === "number" && typeof delta === "number"
          ? Array.from({ length }, (_, index) => start + index * delta)
          : undefined;
      return [{ type: x[0].type, shape: [length], content }];
    },
    evaluate({ x }) {
      const [start, limit, delta] = x.map((part) => numbersOf(part)[0]!);
      const count = countOf(start!, limit!, delta!);
      return [generate(x[0].type, [count], (index) => start! + index * delta!)];
    },
  }),

  EyeLike: operator({
    inputs: ["input"],
    outputs: ["output"],
    attributes: { dtype: optional("int"), k: fallback("int", 0) },
    infer({ x: [x], attributes: { dtype } }) {
      if (x.shape && x.shape.length !== 2)
        misfit(`the input has ${x.shape.length} axes, a matrix is wanted`);
      return [{ type: dtype === undefined ? x.type : typeOfCast(dtype), shape: x.shape }];
    },
    evaluate({ attributes: { k }, y }) {
      const [rows, columns] = staticShape(y[0]);
      const isOne = (at: number) => Math.floor(at / columns!) + k === at % columns!;
      return [generate(y[0]!.type, [rows!, columns!], (at) => Number(isOne(at)))];
    },
  }),
};
