/** Convolutions whose points fall where an input says, between the elements, and count as much as another one says. */
import { elementCount } from "@amaas/tensor";
import type { Dimension, Shape } from "../graph.ts";
import { misfit } from "../misfit.ts";
import { generate, type NDArray, numbersOf, stridesOf } from "../ndarray.ts";
import { type AttributesOf, fallback, operator, optional } from "../operator.ts";
import {
  mergeDimensions,
  mergeShapes,
  printShape,
  productOf,
  staticShape,
  type ValueType,
} from "../shape.ts";
import { convAxes } from "./conv.ts";
import { sumOfTaps, type Tap, tapsAround } from "./sample-taps.ts";
import { wantFloat, wantSame } from "./type-classes.ts";
import { type StaticAxis, staticAxes, type WindowAxis } from "./windows.ts";

const deformAttributes = {
  dilations: optional("ints"),
  group: fallback("int", 1),
  kernel_shape: optional("ints"),
  offset_group: fallback("int", 1),
  pads: optional("ints"),
  strides: optional("ints"),
};

type DeformAttributes = AttributesOf<typeof deformAttributes>;

export const deformations = {
  DeformConv: operator({
    inputs: ["X", "W", "offset", "B?", "mask?"],
    outputs: ["Y"],
    attributes: deformAttributes,
    infer({ x: [x, w, offset, bias, mask], attributes }) {
      wantFloat("X", x);
      wantSame(x, w, offset, ...(bias ? [bias] : []), ...(mask ? [mask] : []));
      if (!x.shape || !w.shape) return [{ type: x.type, shape: undefined }];
      return [
        { type: x.type, shape: deformedShape(x.shape, w.shape, [offset, bias, mask], attributes) },
      ];
    },
    evaluate({ x: [x, w, offset, bias, mask], attributes, y: [y] }) {
      return [deform(x, w, { offset, bias, mask }, staticShape(y), attributes)];
    },
  }),
};

/** The windows of the kernel as they lie before its points are moved. */
export function deformAxes(
  x: Shape,
  w: Shape,
  attributes: DeformAttributes,
): readonly WindowAxis[] {
  return convAxes(x, w, { ...attributes, auto_pad: "NOTSET" });
}

function deformedShape(
  x: Shape,
  w: Shape,
  [offset, bias, mask]: readonly [ValueType, ValueType | undefined, ValueType | undefined],
  attributes: DeformAttributes,
): Shape {
  const { group, offset_group } = attributes;
  if (x.length < 3) misfit(`X is ${printShape(x)}, [N, C, ...] with a spatial axis is wanted`);
  if (x.length !== w.length)
    misfit(`X is ${printShape(x)} and W ${printShape(w)}: the ranks differ`);
  const [batch, channels] = [x[0]!, x[1]!];
  const [features, each] = [w[0]!, w[1]!];
  wantParts("channels", channels, group);
  wantParts("features", features, group);
  wantParts("channels", channels, offset_group);
  mergeDimensions(channels, productOf([each, group]));
  mergeShapes(bias?.shape, [features]);
  const axes = deformAxes(x, w, attributes);
  const windows = axes.map((axis) => axis.output);
  const points = [offset_group, ...axes.map((axis) => axis.kernel)];
  const moved = mergeShapes(offset.shape, [
    batch,
    productOf([...points, axes.length]),
    ...windows,
  ])!;
  const counted = mergeShapes(mask?.shape, [batch, productOf(points), ...windows])!;
  const sizes = mergeShapes(moved.slice(2), counted.slice(2))!;
  return [mergeDimensions(moved[0]!, counted[0]!), features, ...sizes];
}

function wantParts(name: string, size: Dimension, parts: number): void {
  if (parts < 1 || (typeof size === "number" && size % parts !== 0))
    misfit(`${size} ${name} do not divide into ${parts} groups`);
}

interface Moves {
  readonly offset: NDArray;
  readonly bias: NDArray | undefined;
  readonly mask: NDArray | undefined;
}

/** y[n, m, o] = b[m] + Σ over c and points t of columns[n, c, t, o] w[m, c, t]. */
function deform(
  x: NDArray,
  w: NDArray,
  { offset, bias, mask }: Moves,
  shape: readonly number[],
  attributes: DeformAttributes,
): NDArray {
  const axes = staticAxes(deformAxes(x.shape, w.shape, attributes));
  const columns = columnsOf(x, offset, mask, axes, attributes.offset_group);
  const [seen, weights, added] = [numbersOf(columns), numbersOf(w), bias && numbersOf(bias)];
  const [, channels, points, windows] = columns.shape as readonly [number, number, number, number];
  const [features, each] = [w.shape[0]!, w.shape[1]!];
  const perGroup = features / attributes.group;
  return generate(x.type, shape, (index) => {
    const window = index % windows;
    const feature = Math.floor(index / windows) % features;
    const image = Math.floor(index / windows / features);
    const first = image * channels + Math.floor(feature / perGroup) * each;
    let sum = added?.[feature] ?? 0;
    for (let at = 0; at < each * points; at++)
      sum +=
        seen[(first * points + at) * windows + window]! * weights[feature * each * points + at]!;
    return sum;
  });
}

/** What each point of each window sees of each channel: [N, C, points, windows]. */
function columnsOf(
  x: NDArray,
  offset: NDArray,
  mask: NDArray | undefined,
  axes: readonly StaticAxis[],
  groups: number,
): NDArray {
  const [data, factors] = [numbersOf(x), mask && numbersOf(mask)];
  const [batch, channels] = x.shape as readonly [number, number];
  const sizes = axes.map((axis) => axis.input);
  const windows = elementCount(axes.map((axis) => axis.output));
  const points = elementCount(axes.map((axis) => axis.kernel));
  const taps = tapsOfPoints(numbersOf(offset), axes, points, windows);
  const plane = elementCount(sizes);
  return generate(x.type, [batch, channels, points, windows], (index) => {
    const channel = Math.floor(index / windows / points);
    const group = Math.floor((channel * groups) / channels);
    const place = group * points * windows + (index % (points * windows));
    return sumOfTaps(data, channel * plane, taps[place]!) * (factors?.[place] ?? 1);
  });
}

/** For each point of each window, image after image and group after group, the elements it falls between. */
function tapsOfPoints(
  offset: Float64Array,
  axes: readonly StaticAxis[],
  points: number,
  windows: number,
): readonly (readonly Tap[])[] {
  const sizes = axes.map((axis) => axis.input);
  const [window, point] = [
    stridesOf(axes.map((axis) => axis.output)),
    stridesOf(axes.map((axis) => axis.kernel)),
  ];
  return Array.from({ length: offset.length / axes.length }, (_, index) => {
    const [o, row] = [index % windows, Math.floor(index / windows)];
    const place = axes.map(({ output, kernel, stride, dilation, begin }, axis) => {
      const [to, within] = [
        Math.floor(o / window[axis]!),
        Math.floor((row % points) / point[axis]!),
      ];
      const moved = offset[(row * axes.length + axis) * windows + o]!;
      return (to % output) * stride - begin + (within % kernel) * dilation + moved;
    });
    return tapsAround(place, sizes, { mode: "linear", padding: "zeros", aligned: false });
  });
}
