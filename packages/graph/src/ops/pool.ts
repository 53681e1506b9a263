/** Poolings: what a window over the spatial axes holds, folded into one number. */
import { elementCount } from "@amaas/tensor";
import type { Shape } from "../graph.ts";
import { misfit } from "../misfit.ts";
import { generate, type NDArray, numbersOf } from "../ndarray.ts";
import {
  type AttributeSpecs,
  type AttributesOf,
  fallback,
  operator,
  optional,
  required,
} from "../operator.ts";
import {
  printShape,
  staticShape,
  unknownDimension,
  unknownSizes,
  type ValueType,
} from "../shape.ts";
import { want, wantFloat, wantNumeric } from "./type-classes.ts";
import {
  extentOf,
  type StaticAxis,
  staticAxes,
  type WindowAxis,
  windowAttributes,
  windowAxes,
  windowSteps,
  windowTaps,
} from "./windows.ts";

const poolAttributes = {
  ...windowAttributes,
  dilations: optional("ints"),
  kernel_shape: required("ints"),
  ceil_mode: fallback("int", 0),
};

type PoolAttributes = AttributesOf<typeof poolAttributes>;

function wantSpatial(x: Shape): void {
  if (x.length < 3) misfit(`X is ${printShape(x)}, [N, C, ...] with a spatial axis is wanted`);
}

/** The windows of a pooling of an input of shape [N, C, ...]. */
export function poolAxes(x: Shape, attributes: PoolAttributes): readonly WindowAxis[] {
  wantSpatial(x);
  return windowAxes(x.slice(2), attributes.kernel_shape, attributes);
}

function pooledShape(x: ValueType, attributes: PoolAttributes): Shape | undefined {
  if (!x.shape) return undefined;
  return [...x.shape.slice(0, 2), ...poolAxes(x.shape, attributes).map((axis) => axis.output)];
}

/** Folds each window: its elements are those at `taps` from `start` up to `end`, -1 where there is none. */
function fold(
  x: NDArray,
  attributes: PoolAttributes,
  { type, shape }: { type: NDArray["type"]; shape: readonly number[] },
  element: (data: Float64Array, taps: Int32Array, window: number) => number,
): NDArray {
  const axes = staticAxes(poolAxes(x.shape, attributes));
  const table = windowTaps(axes);
  const points = elementCount(attributes.kernel_shape);
  const [inner, outputs] = [elementCount(x.shape.slice(2)), elementCount(shape.slice(2))];
  const data = numbersOf(x);
  return generate(type, shape, (index) => {
    const [plane, window] = [Math.floor(index / outputs), index % outputs];
    const taps = table.subarray(window * points, (window + 1) * points);
    return element(data.subarray(plane * inner, (plane + 1) * inner), taps, index);
  });
}

/** Where the largest element of a window is, the first of several; -1 in a window without any. */
function largest(data: Float64Array, taps: Int32Array): number {
  let best = -1;
  for (const at of taps) {
    if (at < 0) continue;
    if (best < 0 || data[at]! > data[best]!) best = at;
  }
  return best;
}

/** The position within a plane, counted with the first axis fastest. */
function columnMajor(position: number, sizes: readonly number[]): number {
  let [rest, stride, result] = [position, elementCount(sizes), 0];
  for (const size of sizes.toReversed()) {
    stride /= size;
    result += (rest % size) * stride;
    rest = Math.floor(rest / size);
  }
  return result;
}

/** How many elements a mean is over: those of the window that lie on the input, or on what is around it too. */
export function averagedCounts(
  axes: readonly StaticAxis[],
  includePad: boolean,
): readonly number[] {
  const along = axes.map((axis) =>
    Array.from({ length: axis.output }, (_, window) => countAlong(axis, window, includePad)),
  );
  return along.reduce(
    (counts, next) => counts.flatMap((count) => next.map((own) => count * own)),
    [1],
  );
}

function countAlong(axis: StaticAxis, window: number, includePad: boolean): number {
  const { input, kernel, stride, dilation, begin, end } = axis;
  const start = window * stride - begin;
  const [from, to] = includePad ? [-begin, input + end] : [0, input];
  let count = 0;
  for (let tap = 0; tap < kernel; tap++) {
    const at = start + tap * dilation;
    if (at >= from && at < to) count++;
  }
  return count;
}

/** Poolings over the whole of every plane. */
function global<A extends AttributeSpecs>(
  attributes: A,
  element: (plane: Float64Array, attributes: AttributesOf<A>) => number,
) {
  return operator({
    inputs: ["X"],
    outputs: ["Y"],
    attributes,
    infer({ x: [x] }) {
      wantFloat("X", x);
      if (x.shape && x.shape.length < 3)
        misfit(`X is ${printShape(x.shape)}, [N, C, ...] with a spatial axis is wanted`);
      return [{ type: x.type, shape: x.shape?.map((size, axis) => (axis < 2 ? size : 1)) }];
    },
    evaluate({ x: [x], attributes: given, y: [y] }) {
      const [data, inner] = [numbersOf(x), elementCount(x.shape.slice(2))];
      return [
        generate(x.type, staticShape(y), (plane) =>
          element(data.subarray(plane * inner, (plane + 1) * inner), given),
        ),
      ];
    },
  });
}

const sum = (elements: Float64Array): number => elements.reduce((total, next) => total + next, 0);

const norm = (elements: Float64Array, p: number): number =>
  sum(elements.map((element) => Math.abs(element) ** p)) ** (1 / p);

export const pools = {
  MaxPool: operator({
    inputs: ["X"],
    outputs: ["Y", "Indices?"],
    attributes: { ...poolAttributes, storage_order: fallback("int", 0) },
    infer({ x: [x], attributes }) {
      wantNumeric("X", x);
      const shape = pooledShape(x, attributes);
      return [
        { type: x.type, shape },
        { type: "INT64", shape },
      ];
    },
    evaluate({ x: [x], attributes, y: [y] }) {
      const shape = staticShape(y);
      const sizes = x.shape.slice(2);
      const [inner, outputs] = [elementCount(sizes), elementCount(shape.slice(2))];
      const values = fold(x, attributes, { type: x.type, shape }, (data, taps) => {
        const best = largest(data, taps);
        return best < 0 ? -Infinity : data[best]!;
      });
      // Counted through all of X, or with the first spatial axis fastest within each plane.
      const indices = fold(x, attributes, { type: "INT64", shape }, (data, taps, index) => {
        const best = largest(data, taps);
        const plane = Math.floor(index / outputs) * inner;
        return plane + (attributes.storage_order ? columnMajor(best, sizes) : best);
      });
      return [values, indices];
    },
  }),

  AveragePool: operator({
    inputs: ["X"],
    outputs: ["Y"],
    attributes: { ...poolAttributes, count_include_pad: fallback("int", 0) },
    infer({ x: [x], attributes }) {
      wantFloat("X", x);
      return [{ type: x.type, shape: pooledShape(x, attributes) }];
    },
    evaluate({ x: [x], attributes, y: [y] }) {
      const shape = staticShape(y);
      const axes = staticAxes(poolAxes(x.shape, attributes));
      const counts = averagedCounts(axes, attributes.count_include_pad !== 0);
      return [
        fold(x, attributes, { type: x.type, shape }, (data, taps, index) => {
          const total = taps.reduce((sofar, at) => (at < 0 ? sofar : sofar + data[at]!), 0);
          return total / counts[index % counts.length]!;
        }),
      ];
    },
  }),

  LpPool: operator({
    inputs: ["X"],
    outputs: ["Y"],
    attributes: { ...poolAttributes, p: fallback("int", 2) },
    infer({ x: [x], attributes }) {
      wantFloat("X", x);
      return [{ type: x.type, shape: pooledShape(x, attributes) }];
    },
    evaluate({ x: [x], attributes, y: [y] }) {
      const shape = staticShape(y);
      return [
        fold(x, attributes, { type: x.type, shape }, (data, taps) =>
          norm(
            Float64Array.from(taps, (at) => (at < 0 ? 0 : data[at]!)),
            attributes.p,
          ),
        ),
      ];
    },
  }),

  GlobalMaxPool: global({}, (plane) => plane.reduce((a, b) => Math.max(a, b), -Infinity)),
  GlobalAveragePool: global({}, (plane) => sum(plane) / plane.length),
  GlobalLpPool: global({ p: fallback("int", 2) }, (plane, { p }) => norm(plane, p)),

  MaxUnpool: operator({
    inputs: ["X", "I", "output_shape?"],
    outputs: ["output"],
    attributes: {
      kernel_shape: required("ints"),
      pads: optional("ints"),
      strides: optional("ints"),
    },
    infer({ x: [x, indices, wanted], attributes }) {
      wantFloat("X", x);
      want("INT64", "I", indices);
      if (wanted) want("INT64", "output_shape", wanted);
      if (wanted) {
        const shape = wanted.content ?? unknownSizes(x.shape?.length);
        return [{ type: x.type, shape }];
      }
      return [{ type: x.type, shape: x.shape && unpooledShape(x.shape, attributes) }];
    },
    evaluate({ x: [x, indices], y: [y] }) {
      const output = generate(x.type, staticShape(y), () => 0);
      const [data, to, from] = [numbersOf(output), numbersOf(indices), numbersOf(x)];
      for (const [at, value] of from.entries()) {
        const place = to[at]!;
        if (place < 0 || place >= data.length)
          misfit(`index ${place} is outside the ${data.length} elements of the output`);
        data[place] = value;
      }
      return [output];
    },
  }),
};

/** The least input of a pooling with these windows. */
function unpooledShape(
  x: Shape,
  attributes: {
    readonly kernel_shape: readonly number[];
    readonly pads: readonly number[] | undefined;
    readonly strides: readonly number[] | undefined;
  },
): Shape {
  const { kernel_shape } = attributes;
  wantSpatial(x);
  const { strides, pads } = windowSteps(x.length - 2, { ...attributes, auto_pad: "NOTSET" });
  const sizes = x.slice(2).map((size, axis) => {
    if (typeof size !== "number") return unknownDimension;
    const around = pads[axis]! + pads[axis + x.length - 2]!;
    return (size - 1) * strides[axis]! + extentOf(kernel_shape[axis]!, 1) - around;
  });
  return [...x.slice(0, 2), ...sizes];
}
