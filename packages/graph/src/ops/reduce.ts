/** Reductions over axes. */
import type { DataType } from "@amaas/tensor";
import type { Shape } from "../graph.ts";
import { misfit } from "../misfit.ts";
import {
  aroundAxis,
  generate,
  type NDArray,
  numbersOf,
  stridedPositions,
  stridesOf,
} from "../ndarray.ts";
import { fallback, operator } from "../operator.ts";
import {
  allAxes,
  axesOf,
  axisOf,
  knownNumbers,
  longestContent,
  staticShape,
  unknownSizes,
  type ValueType,
} from "../shape.ts";
import { castElement, extremesOf } from "./cast.ts";
import { type Content, combine, type Law, laws } from "./content.ts";
import { isFloat, want, wantNumeric } from "./type-classes.ts";

/** Which axes go: none given means all, or none with `noop`; undefined when that is not known. */
function reducedAxes(
  rank: number,
  axes: ValueType | undefined,
  noop: boolean,
): readonly number[] | undefined {
  const known = axes ? knownNumbers(axes.content) : [];
  if (known?.length === 0) return noop ? [] : allAxes(rank);
  return known && axesOf(known, rank);
}

function reducedShape(
  shape: Shape | undefined,
  axes: ValueType | undefined,
  keep: boolean,
  noop: boolean,
): Shape | undefined {
  if (!shape) return axes || keep || noop ? undefined : [];
  const gone = reducedAxes(shape.length, axes, noop);
  if (!gone) return unknownSizes(keep ? shape.length : remaining(shape, axes));
  return keep
    ? shape.map((dimension, axis) => (gone.includes(axis) ? 1 : dimension))
    : shape.filter((_, axis) => !gone.includes(axis));
}

/** How many axes stay when it is known how many go, but not which. None given could mean all. */
function remaining(shape: Shape, axes: ValueType | undefined): number | undefined {
  const count = axes?.shape?.[0];
  return typeof count === "number" && count > 0 ? shape.length - count : undefined;
}

type Fold = (elements: Float64Array) => number;

/** Sizes that are folded to one stay known. */
function foldedContent(
  { type, content }: ValueType,
  shape: Shape | undefined,
  pair: Pair,
): Content {
  const one = shape && (shape.length === 0 || (shape.length === 1 && shape[0] === 1));
  if (!one || !content || content.length === 0 || content.length > longestContent) return undefined;
  return [combine(type, pair.compute, pair.law)(...content)];
}

interface Options {
  /** How two elements are folded, if sizes are ever folded so. */
  readonly pair?: Pair;
  readonly check?: (name: string, x: ValueType) => void;
}

interface Pair {
  readonly compute: (a: number, b: number) => number;
  readonly law: Law;
}

function reduction(fold: Fold, { pair, check = wantNumeric }: Options = {}) {
  return operator({
    inputs: ["data", "axes?"],
    outputs: ["reduced"],
    attributes: { keepdims: fallback("int", 1), noop_with_empty_axes: fallback("int", 0) },
    infer({ x: [data, axes], attributes: { keepdims, noop_with_empty_axes } }) {
      check("data", data);
      if (axes) want("INT64", "axes", axes);
      const shape = reducedShape(data.shape, axes, keepdims !== 0, noop_with_empty_axes !== 0);
      return [{ type: data.type, shape, content: pair && foldedContent(data, shape, pair) }];
    },
    evaluate({ x: [data, axes], attributes: { noop_with_empty_axes }, y: [y] }) {
      const given = axes && { type: axes.type, shape: axes.shape, content: [...numbersOf(axes)] };
      const gone = reducedAxes(data.shape.length, given, noop_with_empty_axes !== 0) ?? [];
      return [reduce(data, gone, staticShape(y), fold)];
    },
  });
}

function reduce(
  x: NDArray,
  axes: readonly number[],
  shape: readonly number[],
  fold: Fold,
): NDArray {
  const data = numbersOf(x);
  const strides = stridesOf(x.shape);
  const kept = allAxes(x.shape.length).filter((axis) => !axes.includes(axis));
  const pick = (values: readonly number[], from: readonly number[]) =>
    from.map((axis) => values[axis]!);
  const starts = stridedPositions(pick(x.shape, kept), pick(strides, kept));
  const steps = stridedPositions(pick(x.shape, axes), pick(strides, axes));
  const elements = new Float64Array(steps.length);
  return generate(x.type, shape, (index) => {
    for (const [at, step] of steps.entries()) elements[at] = data[starts[index]! + step]!;
    return inType(fold(elements), x.type);
  });
}

/** Other types than floats have no infinity for the largest and the smallest of nothing. */
function inType(value: number, type: DataType): number {
  if (isFloat(type)) return value;
  const [least, greatest] = extremesOf(type);
  if (Math.abs(value) === Infinity) return value < 0 ? least : greatest;
  return castElement(value, type);
}

const sum: Fold = (elements) => elements.reduce((total, element) => total + element, 0);

const product: Fold = (elements) => elements.reduce((total, element) => total * element, 1);

/** The largest; a NaN wins. Of nothing it is what every number exceeds. */
const largest: Fold = (elements) => elements.reduce((a, b) => Math.max(a, b), -Infinity);
const smallest: Fold = (elements) => elements.reduce((a, b) => Math.min(a, b), Infinity);

/** From the largest element down, which neither overflows nor vanishes. */
const logSumExp: Fold = (elements) => {
  const most = largest(elements);
  if (!Number.isFinite(most)) return most;
  return most + Math.log(sum(elements.map((element) => Math.exp(element - most))));
};

const squares: Fold = (elements) => sum(elements.map((element) => element * element));

function wantOrdered(name: string, x: ValueType): void {
  if (x.type !== "BOOL") wantNumeric(name, x);
}

/** Where along an axis the element stands that no other one is better than. */
function extremeIndex(better: (challenger: number, found: number) => boolean) {
  return operator({
    inputs: ["data"],
    outputs: ["reduced"],
    attributes: {
      axis: fallback("int", 0),
      keepdims: fallback("int", 1),
      select_last_index: fallback("int", 0),
    },
    infer({ x: [data], attributes: { axis, keepdims } }) {
      wantNumeric("data", data);
      if (!data.shape) return [{ type: "INT64", shape: undefined }];
      const gone = axisOf(axis, data.shape.length);
      const shape = keepdims ? data.shape.with(gone, 1) : data.shape.toSpliced(gone, 1);
      return [{ type: "INT64", shape }];
    },
    evaluate({ x: [x], attributes: { axis, select_last_index }, y: [y] }) {
      const data = numbersOf(x);
      const { length, inner } = aroundAxis(x.shape, axisOf(axis, x.shape.length));
      if (length === 0) misfit("the largest or smallest of no elements is wanted");
      return [
        generate("INT64", staticShape(y), (index) => {
          const start = Math.floor(index / inner) * length * inner + (index % inner);
          let best = 0;
          for (let i = 1; i < length; i++) {
            const [found, challenger] = [data[start + best * inner]!, data[start + i * inner]!];
            const last = select_last_index !== 0 && challenger === found;
            if (better(challenger, found) || last) best = i;
          }
          return best;
        }),
      ];
    },
  });
}

export const reductions = {
  ReduceSum: reduction(sum, { pair: { compute: (a, b) => a + b, law: laws.Add } }),
  ReduceMean: reduction((elements) => sum(elements) / elements.length),
  ReduceProd: reduction(product, { pair: { compute: (a, b) => a * b, law: laws.Mul } }),
  ReduceMax: reduction(largest, {
    pair: { compute: (a, b) => Math.max(a, b), law: laws.Max },
    check: wantOrdered,
  }),
  ReduceMin: reduction(smallest, {
    pair: { compute: (a, b) => Math.min(a, b), law: laws.Min },
    check: wantOrdered,
  }),
  ReduceL1: reduction((elements) => sum(elements.map(Math.abs))),
  ReduceL2: reduction((elements) => Math.sqrt(squares(elements))),
  ReduceSumSquare: reduction(squares),
  ReduceLogSum: reduction((elements) => Math.log(sum(elements))),
  ReduceLogSumExp: reduction(logSumExp),

  ArgMax: extremeIndex((challenger, found) => challenger > found),
  ArgMin: extremeIndex((challenger, found) => challenger < found),
};
