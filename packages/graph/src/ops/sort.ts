/** Operators that choose elements by their order or by a mask, so that how many there are may be seen late. */
import type { Dimension, Shape } from "../graph.ts";
import { misfit } from "../misfit.ts";
import { aroundAxis, type NDArray, ndarray, numbersOf, take } from "../ndarray.ts";
import { fallback, operator, optional } from "../operator.ts";
import { axisOf, staticShape, unknownDimension, type ValueType } from "../shape.ts";
import { want, wantNumeric } from "./type-classes.ts";

function topShape(shape: Shape | undefined, axis: number, count: ValueType): Shape | undefined {
  if (!shape) return undefined;
  const at = axisOf(axis, shape.length);
  const [length, k] = [shape[at]!, count.content?.[0] ?? unknownDimension];
  if (typeof k === "number" && typeof length === "number" && k > length)
    misfit(`the ${k} first of ${length} elements are asked for`);
  return shape.with(at, k);
}

/** Smaller first; of equal elements, the one that comes first; what is no number is larger than any. */
function compare(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a - b;
}

/** The positions of the slices of `x` along an axis, each as where its element 0 stands and the distance between. */
function slicesOf(x: NDArray, axis: number): { starts: number[]; length: number; step: number } {
  const { outer, length, inner } = aroundAxis(x.shape, axis);
  const starts = Array.from(
    { length: outer * inner },
    (_, i) => Math.floor(i / inner) * length * inner + (i % inner),
  );
  return { starts, length, step: inner };
}

/** The slices of `x` at some indices along an axis; along the flat tensor without one. */
function slicesAt(x: NDArray, axis: number | undefined, indices: readonly number[]): NDArray {
  const shape = axis === undefined ? [x.data.length] : x.shape;
  const at = axis === undefined ? 0 : axisOf(axis, shape.length);
  const { outer, length, inner } = aroundAxis(shape, at);
  if (indices.some((index) => index >= length))
    misfit(`an element behind the ${length} there are is asked for`);
  const positions: number[] = [];
  for (let block = 0; block < outer; block++)
    for (const index of indices)
      for (let i = 0; i < inner; i++) positions.push((block * length + index) * inner + i);
  return take(x, shape.with(at, indices.length), positions);
}

function maskedShape(x: ValueType, axis: number | undefined): Shape | undefined {
  if (axis === undefined) return [unknownDimension];
  return x.shape?.with(axisOf(axis, x.shape.length), unknownDimension);
}

/** The subtensors that Unique compares: single elements, or slices along an axis as the keys that order them. */
function keysOf(x: NDArray, axis: number | undefined): (readonly (number | string)[])[] {
  if (axis === undefined) return [...x.data].map((element) => [element]);
  const at = axisOf(axis, x.shape.length);
  const { starts, length, step } = slicesOf(x, at);
  return Array.from({ length }, (_, index) => starts.map((start) => x.data[start + index * step]!));
}

function compareKeys(a: readonly (number | string)[], b: readonly (number | string)[]): number {
  const differs = a.findIndex((element, index) => element !== b[index]);
  if (differs === -1) return 0;
  return a[differs]! < b[differs]! ? -1 : 1;
}

interface Group {
  readonly first: number;
  count: number;
}

/** Where each kind of key is found first, and how often; by the key's elements. */
function groupsOf(keys: readonly (readonly (number | string)[])[]): ReadonlyMap<string, Group> {
  const groups = new Map<string, Group>();
  for (const [index, key] of keys.entries()) {
    const name = JSON.stringify(key);
    const group = groups.get(name);
    if (group) group.count++;
    else groups.set(name, { first: index, count: 1 });
  }
  return groups;
}

export const sorts = {
  TopK: operator({
    inputs: ["X", "K"],
    outputs: ["Values", "Indices"],
    attributes: {
      axis: fallback("int", -1),
      largest: fallback("int", 1),
      sorted: fallback("int", 1),
    },
    infer({ x: [x, k], attributes: { axis } }) {
      wantNumeric("X", x);
      want("INT64", "K", k);
      const shape = topShape(x.shape, axis, k);
      return [
        { type: x.type, shape },
        { type: "INT64", shape },
      ];
    },
    evaluate({ x: [x], attributes: { axis, largest }, y: [y] }) {
      const shape = staticShape(y);
      const at = axisOf(axis, shape.length);
      const data = numbersOf(x);
      const { starts, length, step } = slicesOf(x, at);
      const positions = new Float64Array(shape.reduce((product, n) => product * n, 1));
      const indices = new Float64Array(positions.length);
      const sign = largest ? -1 : 1;
      for (const [slice, start] of starts.entries()) {
        const element = (index: number) => data[start + index * step]!;
        const order = Array.from({ length }, (_, index) => index);
        order.sort((a, b) => sign * compare(element(a), element(b)) || a - b);
        const outer = Math.floor(slice / step) * shape[at]! * step + (slice % step);
        for (const [rank, index] of order.slice(0, shape[at]).entries()) {
          positions[outer + rank * step] = start + index * step;
          indices[outer + rank * step] = index;
        }
      }
      return [take(x, shape, positions), ndarray("INT64", shape, indices)];
    },
  }),

  Compress: operator({
    inputs: ["input", "condition"],
    outputs: ["output"],
    attributes: { axis: optional("int") },
    infer({ x: [x, condition], attributes: { axis } }) {
      want("BOOL", "condition", condition);
      if (condition.shape && condition.shape.length !== 1) misfit("the condition is no vector");
      return [{ type: x.type, shape: maskedShape(x, axis) }];
    },
    evaluate({ x: [x, condition], attributes: { axis } }) {
      const kept = [...numbersOf(condition).entries()].flatMap(([i, is]) => (is ? [i] : []));
      return [slicesAt(x, axis, kept)];
    },
  }),

  Unique: operator({
    inputs: ["X"],
    outputs: ["Y", "indices?", "inverse_indices?", "counts?"],
    attributes: { axis: optional("int"), sorted: fallback("int", 1) },
    infer({ x: [x], attributes: { axis } }) {
      const vector: readonly Dimension[] = [unknownDimension];
      return [
        { type: x.type, shape: maskedShape(x, axis) },
        ...[0, 1, 2].map((): ValueType => ({ type: "INT64", shape: vector })),
      ];
    },
    evaluate({ x: [x], attributes: { axis, sorted } }) {
      const keys = keysOf(x, axis);
      const groups = groupsOf(keys);
      const kinds = [...groups.values()];
      if (sorted) kinds.sort((a, b) => compareKeys(keys[a.first]!, keys[b.first]!));
      const rank = new Map(kinds.map((group, index) => [group, index]));
      const vector = (values: readonly number[]) => ndarray("INT64", [values.length], values);
      return [
        slicesAt(
          x,
          axis,
          kinds.map(({ first }) => first),
        ),
        vector(kinds.map(({ first }) => first)),
        vector(keys.map((key) => rank.get(groups.get(JSON.stringify(key))!)!)),
        vector(kinds.map(({ count }) => count)),
      ];
    },
  }),
};
