/** Reductions over axes. */
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
  staticShape,
  unknownSizes,
  type ValueType,
} from "../shape.ts";
import { want, wantNumeric } from "./type-classes.ts";

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

function reduction(fold: (elements: Float64Array) => number) {
  return operator({
    inputs: ["data", "axes?"],
    outputs: ["reduced"],
    attributes: { keepdims: fallback("int", 1), noop_with_empty_axes: fallback("int", 0) },
    infer({ x: [data, axes], attributes: { keepdims, noop_with_empty_axes } }) {
      wantNumeric("data", data);
      if (axes) want("INT64", "axes", axes);
      const shape = reducedShape(data.shape, axes, keepdims !== 0, noop_with_empty_axes !== 0);
      return [{ type: data.type, shape }];
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
  fold: (elements: Float64Array) => number,
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
    return fold(elements);
  });
}

const sum = (elements: Float64Array): number =>
  elements.reduce((total, element) => total + element, 0);

/** The largest; a NaN wins. */
const largest = (elements: Float64Array): number =>
  elements.length === 0
    ? misfit("the largest of no elements is wanted")
    : elements.reduce((a, b) => Math.max(a, b));

export const reductions = {
  ReduceSum: reduction(sum),
  ReduceMean: reduction((elements) => sum(elements) / elements.length),
  ReduceMax: reduction(largest),

  ArgMax: operator({
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
      if (length === 0) misfit("the largest of no elements is wanted");
      return [
        generate("INT64", staticShape(y), (index) => {
          const start = Math.floor(index / inner) * length * inner + (index % inner);
          let best = 0;
          for (let i = 1; i < length; i++) {
            const [found, challenger] = [data[start + best * inner]!, data[start + i * inner]!];
            if (challenger > found || (select_last_index !== 0 && challenger === found)) best = i;
          }
          return best;
        }),
      ];
    },
  }),
};
