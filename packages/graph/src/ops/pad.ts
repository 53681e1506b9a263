/** Pad: more elements around, or, where a number is negative, fewer. */
import type { Dimension, Shape } from "../graph.ts";
import { misfit } from "../misfit.ts";
import { generate, type NDArray, numbersOf, stridesOf } from "../ndarray.ts";
import { fallback, operator } from "../operator.ts";
import {
  allAxes,
  axisOf,
  knownNumbers,
  printShape,
  staticShape,
  unknownDimension,
  unknownSizes,
  type ValueType,
} from "../shape.ts";
import { want, wantIndex, wantSame } from "./type-classes.ts";

/** How many elements are added before and after each axis; unknown sizes where that is not known. */
type Margins = readonly (readonly [before: Dimension, after: Dimension])[];

/** The margins of every axis of a tensor; undefined when it is not even known which axes have some. */
function marginsOf(
  rank: number,
  pads: ValueType,
  axes: ValueType | undefined,
): Margins | undefined {
  const at = axes ? knownNumbers(axes.content) : allAxes(rank);
  if (!at) return undefined;
  const { content } = pads;
  const length = content?.length ?? pads.shape?.[0];
  if (typeof length === "number" && length !== 2 * at.length)
    misfit(`${length} pads are given for ${at.length} axes, two for each are wanted`);
  const margins = allAxes(rank).map((): [Dimension, Dimension] => [0, 0]);
  for (const [index, axis] of at.entries())
    margins[axisOf(axis, rank)] = [
      content?.[index] ?? unknownDimension,
      content?.[index + at.length] ?? unknownDimension,
    ];
  return margins;
}

function paddedShape(shape: Shape, margins: Margins): Shape {
  return shape.map((size, axis) => {
    const [before, after] = margins[axis]!;
    if (before === 0 && after === 0) return size;
    if (typeof size === "string" || typeof before === "string" || typeof after === "string")
      return unknownDimension;
    const padded = size + before + after;
    return padded >= 0
      ? padded
      : misfit(
          `the pads ${before} and ${after} leave nothing of axis ${axis} of ${printShape(shape)}`,
        );
  });
}

/** Where an element outside the axis takes its value from; undefined where it is the constant. */
const sources: Readonly<Record<string, (at: number, length: number) => number | undefined>> = {
  constant: () => undefined,
  edge: (at, length) => Math.min(Math.max(at, 0), length - 1),
  reflect(at, length) {
    if (length === 1) return 0;
    const period = 2 * (length - 1);
    const folded = ((at % period) + period) % period;
    return folded < length ? folded : period - folded;
  },
  wrap: (at, length) => ((at % length) + length) % length,
};

type Source = (index: number) => number | undefined;

/**
 * The position in `x` that an element of an axis of the result comes from. What negative pads cut off is gone before
 * the rest is mirrored or repeated.
 */
function axisSource(
  mode: string,
  length: number,
  [before, after]: readonly [number, number],
): Source {
  const cut = Math.max(0, -before);
  const kept = length - cut - Math.max(0, -after);
  return (index) => {
    const at = index - Math.max(0, before);
    const source = at >= 0 && at < kept ? at : sources[mode]!(at, kept);
    return source === undefined ? undefined : source + cut;
  };
}

function padded(
  x: NDArray,
  shape: readonly number[],
  perAxis: readonly Source[],
  fill: number | string,
): NDArray {
  const [own, made] = [stridesOf(x.shape), stridesOf(shape)];
  const positions = generate("INT64", shape, (index) => {
    let position = 0;
    for (const [axis, size] of shape.entries()) {
      const source = perAxis[axis]!(Math.floor(index / made[axis]!) % size);
      if (source === undefined) return -1;
      position += source * own[axis]!;
    }
    return position;
  });
  const at = numbersOf(positions);
  const { type, data } = x;
  if (data instanceof Float64Array)
    return generate(type, shape, (index) => (at[index]! < 0 ? Number(fill) : data[at[index]!]!));
  return { type, shape, data: Array.from(at, (from) => (from < 0 ? String(fill) : data[from]!)) };
}

export const padding = {
  Pad: operator({
    inputs: ["data", "pads", "constant_value?", "axes?"],
    outputs: ["output"],
    attributes: { mode: fallback("string", "constant") },
    infer({ x: [data, pads, value, axes], attributes: { mode } }) {
      want("INT64", "pads", pads);
      if (value) wantSame(data, value);
      if (axes) wantIndex("axes", axes);
      if (!Object.hasOwn(sources, mode)) misfit(`there is no mode "${mode}"`);
      const { type, shape } = data;
      if (!shape) return [{ type, shape }];
      const margins = marginsOf(shape.length, pads, axes);
      return [{ type, shape: margins ? paddedShape(shape, margins) : unknownSizes(shape.length) }];
    },
    evaluate({ x: [data, pads, value, axes], attributes: { mode }, y: [y] }) {
      const known = (vector: NDArray) => ({ ...vector, content: [...numbersOf(vector)] });
      const margins = marginsOf(data.shape.length, known(pads), axes && known(axes))!;
      const shape = staticShape(y);
      const perAxis = data.shape.map((length, axis) => {
        const [before, after] = margins[axis]!;
        if (mode !== "constant" && length === 0 && shape[axis]! > 0)
          misfit(`axis ${axis} has no element that "${mode}" could repeat`);
        return axisSource(mode, length, [Number(before), Number(after)]);
      });
      return [padded(data, shape, perAxis, value?.data[0] ?? (data.type === "BYTES" ? "" : 0))];
    },
  }),
};
