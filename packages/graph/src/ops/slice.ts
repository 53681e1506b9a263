/** Slice: every so many elements of some axes, forwards or backwards. */
import type { Dimension, Shape } from "../graph.ts";
import { misfit } from "../misfit.ts";
import { numbersOf, stridedPositions, stridesOf, take } from "../ndarray.ts";
import { operator } from "../operator.ts";
import {
  allAxes,
  axisOf,
  knownNumbers,
  sameDimension,
  staticShape,
  unknownDimension,
  unknownSizes,
  type ValueType,
} from "../shape.ts";
import { wantIndex, wantSame } from "./type-classes.ts";

/** What is taken of one axis: the first element, how many, and how far apart. */
export interface Cut {
  readonly start: number;
  readonly count: number;
  readonly step: number;
}

/** As Python slices: bounds count from the end when negative, and beyond the ends they stop there. */
export function cutOf(start: number, end: number, step: number, length: number): Cut {
  if (step === 0) misfit("a step is 0");
  const last = step > 0 ? length : length - 1;
  const first = step > 0 ? 0 : -1;
  const bound = (at: number, low: number) =>
    Math.min(Math.max(at < 0 ? at + length : at, low), last);
  const from = bound(start, 0);
  const to = bound(end, first);
  return { start: from, count: Math.max(0, Math.ceil((to - from) / step)), step };
}

interface Bounds {
  readonly start: Dimension;
  readonly end: Dimension;
  readonly step: number;
}

/** No size is as large, and exporters write "to the end" so. */
const beyondAll = 2 ** 31 - 1;

/** How much is left of an axis, as far as that is known. */
function cutSize(length: Dimension, { start, end, step }: Bounds): Dimension {
  if (typeof length === "number") {
    if (typeof start === "number" && typeof end === "number")
      return cutOf(start, end, step, length).count;
    return length === 0 ? 0 : unknownDimension;
  }
  const toEnd = sameDimension(end, length) || (typeof end === "number" && end >= beyondAll);
  if (start === 0 && step === 1 && toEnd) return length;
  const fromEnd = start === -1 || (typeof start === "number" && start >= beyondAll);
  const toFront = typeof end === "number" && end <= -beyondAll;
  return fromEnd && step === -1 && toFront ? length : unknownDimension;
}

type Sliced = readonly [
  data: ValueType,
  starts: ValueType,
  ends: ValueType,
  axes: ValueType | undefined,
  steps: ValueType | undefined,
];

/** The bounds of each axis; undefined when it is not known which axes are cut, or how. */
function boundsOf(
  rank: number,
  [, starts, ends, axes, steps]: Sliced,
): ReadonlyMap<number, Bounds | undefined> | undefined {
  const count = starts.shape?.[0] ?? ends.shape?.[0];
  if (typeof count !== "number") return undefined;
  const cut = axes ? knownNumbers(axes.content) : allAxes(count);
  if (!cut) return undefined;
  const by = steps ? steps.content : new Array<number>(count).fill(1);
  for (const part of [starts.content, ends.content, cut, by])
    if (part && part.length !== count)
      misfit(`starts, ends, axes and steps differ in length: ${count} and ${part.length}`);
  const bounds = new Map<number, Bounds | undefined>();
  for (const [index, axis] of cut.entries()) {
    const [start, end, step] = [starts.content?.[index], ends.content?.[index], by?.[index]];
    const known = start !== undefined && end !== undefined && typeof step === "number";
    const at = axisOf(axis, rank);
    if (bounds.has(at)) misfit(`the axes [${cut}] repeat one`);
    bounds.set(at, known ? { start, end, step } : undefined);
  }
  return bounds;
}

function slicedShape(x: Sliced): Shape | undefined {
  const { shape } = x[0];
  if (!shape) return undefined;
  const bounds = boundsOf(shape.length, x);
  if (!bounds) return unknownSizes(shape.length);
  return shape.map((length, axis) => {
    if (!bounds.has(axis)) return length;
    const found = bounds.get(axis);
    return found ? cutSize(length, found) : unknownDimension;
  });
}

/** The elements that are left of a vector of sizes, axes or indices. */
function slicedContent(x: Sliced): readonly Dimension[] | undefined {
  const { content, shape } = x[0];
  if (!content || shape?.length !== 1) return undefined;
  const bounds = boundsOf(1, x);
  if (!bounds) return undefined;
  const found = bounds.get(0);
  if (!found) return bounds.has(0) ? undefined : content;
  if (typeof found.start !== "number" || typeof found.end !== "number") return undefined;
  const { start, count, step } = cutOf(found.start, found.end, found.step, content.length);
  return Array.from({ length: count }, (_, index) => content[start + index * step]!);
}

export const slicing = {
  Slice: operator({
    inputs: ["data", "starts", "ends", "axes?", "steps?"],
    outputs: ["output"],
    attributes: {},
    infer({ x }) {
      const [data, starts, ends, axes, steps] = x;
      wantIndex("starts", starts);
      wantSame(starts, ends, ...(axes ? [axes] : []), ...(steps ? [steps] : []));
      return [{ type: data.type, shape: slicedShape(x), content: slicedContent(x) }];
    },
    evaluate({ x: [data, starts, ends, axes, steps], y: [y] }) {
      const [from, to] = [numbersOf(starts), numbersOf(ends)];
      const cut = axes ? numbersOf(axes) : allAxes(from.length);
      const strides = stridesOf(data.shape);
      let offset = 0;
      const own = [...strides];
      for (const [index, given] of cut.entries()) {
        const axis = axisOf(given, data.shape.length);
        const step = steps ? numbersOf(steps)[index]! : 1;
        const found = cutOf(from[index]!, to[index]!, step, data.shape[axis]!);
        offset += found.start * strides[axis]!;
        own[axis] = strides[axis]! * found.step;
      }
      const shape = staticShape(y);
      return [take(data, shape, stridedPositions(shape, own, offset))];
    },
  }),
};
