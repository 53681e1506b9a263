/** Convolutions over any number of spatial axes, and their transposes. */
import { elementCount } from "@amaas/tensor";
import type { Dimension, Shape } from "../graph.ts";
import { misfit } from "../misfit.ts";
import { generate, type NDArray, numbersOf } from "../ndarray.ts";
import { type AttributesOf, fallback, operator, optional } from "../operator.ts";
import {
  mergeDimensions,
  mergeShapes,
  printShape,
  staticShape,
  unknownDimension,
  type ValueType,
} from "../shape.ts";
import { wantFloat, wantSame } from "./type-classes.ts";
import {
  extentOf,
  listOf,
  type StaticAxis,
  staticAxes,
  type WindowAxis,
  windowAttributes,
  windowAxes,
  windowSteps,
  windowTaps,
} from "./windows.ts";

const convAttributes = {
  ...windowAttributes,
  dilations: optional("ints"),
  group: fallback("int", 1),
  kernel_shape: optional("ints"),
};

const transposeAttributes = {
  ...convAttributes,
  output_padding: optional("ints"),
  output_shape: optional("ints"),
};

type ConvAttributes = AttributesOf<typeof convAttributes>;
type TransposeAttributes = AttributesOf<typeof transposeAttributes>;

/** The windows of a convolution of an input of shape [N, C, ...] with weights of shape [M, C/group, ...]. */
export function convAxes(x: Shape, w: Shape, attributes: ConvAttributes): readonly WindowAxis[] {
  return windowAxes(x.slice(2), kernelOf(w, attributes), attributes);
}

/**
 * The windows of the convolution that a transposed one goes back through, from what is its output here (`input`)
 * to what is its input here (`output`).
 */
export function transposeAxes(
  x: Shape,
  w: Shape,
  attributes: TransposeAttributes,
): readonly WindowAxis[] {
  const [sizes, kernel] = [x.slice(2), kernelOf(w, attributes)];
  const { strides, dilations, pads } = windowSteps(sizes.length, attributes);
  const { output_padding, output_shape, auto_pad } = attributes;
  const added = listOf("output_padding", output_padding, sizes.length, 0);
  const wanted = output_shape && spatialOf(output_shape, sizes.length);
  return sizes.map((output, axis): WindowAxis => {
    const [stride, dilation] = [strides[axis]!, dilations[axis]!];
    const windows = { kernel: kernel[axis]!, stride, dilation, output };
    const extent = extentOf(windows.kernel, dilation);
    const reach =
      typeof output === "number" && extent !== undefined
        ? (output - 1) * stride + extent + added[axis]!
        : undefined;
    const same = auto_pad.startsWith("SAME") && typeof output === "number";
    const size = wanted?.[axis] ?? (same ? output * stride : undefined);
    if (size === undefined) return cropped(windows, reach, pads[axis]!, pads[axis + sizes.length]!);
    // What is too much is cut off on both sides, the odd element where the attribute says.
    if (reach === undefined) return { ...windows, input: size, begin: undefined, end: undefined };
    const around = Math.max(0, reach - size);
    const [less, more] = [Math.floor(around / 2), Math.ceil(around / 2)];
    const upper = auto_pad === "SAME_UPPER";
    return { ...windows, input: size, begin: upper ? less : more, end: upper ? more : less };
  });
}

function cropped(
  windows: Omit<WindowAxis, "input" | "begin" | "end">,
  reach: number | undefined,
  begin: number,
  end: number,
): WindowAxis {
  if (reach === undefined) {
    const { kernel, stride, dilation, output } = windows;
    const extent = extentOf(kernel, dilation);
    const kept = stride === 1 && extent !== undefined && begin + end === extent - 1;
    return { ...windows, input: kept ? output : unknownDimension, begin, end };
  }
  const input = reach - begin - end;
  if (input < 1) misfit(`pads of ${begin} and ${end} leave nothing of ${reach} elements`);
  return { ...windows, input, begin, end };
}

/** `output_shape` may or may not begin with the batch and the channels. */
function spatialOf(shape: readonly number[], rank: number): readonly number[] {
  if (shape.length !== rank && shape.length !== rank + 2)
    misfit(`output_shape has ${shape.length} elements, ${rank} are wanted`);
  return listOf("output_shape", shape.slice(-rank), rank, 1);
}

function kernelOf(w: Shape, { kernel_shape }: ConvAttributes): Shape {
  const sizes = w.slice(2);
  return kernel_shape ? mergeShapes(sizes, kernel_shape)! : sizes;
}

function wantImages(x: Shape, w: Shape): void {
  if (x.length < 3) misfit(`X is ${printShape(x)}, [N, C, ...] with a spatial axis is wanted`);
  if (x.length !== w.length)
    misfit(`X is ${printShape(x)} and W ${printShape(w)}: the ranks differ`);
}

function wantBias(bias: ValueType | undefined, channels: Dimension): void {
  if (bias) mergeShapes(bias.shape, [channels]);
}

function wantGroup(group: number, channels: Dimension): void {
  if (group < 1 || (typeof channels === "number" && channels % group !== 0))
    misfit(`${channels} channels do not divide into ${group} groups`);
}

function times(size: Dimension, factor: number): Dimension {
  if (factor === 1) return size;
  return typeof size === "number" ? size * factor : unknownDimension;
}

const counts = (axes: readonly StaticAxis[], of: "input" | "output" | "kernel"): number =>
  elementCount(axes.map((axis) => axis[of]));

/** y[n, m, o] = b[m] + Σ over c and taps t of x[n, c, tap(o, t)] w[m, c, t]. */
function convolve(
  x: NDArray,
  w: NDArray,
  bias: NDArray | undefined,
  axes: readonly StaticAxis[],
  shape: readonly number[],
): NDArray {
  const [images, weights, added] = [numbersOf(x), numbersOf(w), bias && numbersOf(bias)];
  const taps = windowTaps(axes);
  const [inner, points, outputs] = [
    counts(axes, "input"),
    counts(axes, "kernel"),
    counts(axes, "output"),
  ];
  const [channels, features, each] = [x.shape[1]!, w.shape[0]!, w.shape[1]!];
  const perGroup = features / (channels / each);
  return generate(x.type, shape, (index) => {
    const position = index % outputs;
    const feature = Math.floor(index / outputs) % features;
    const image = Math.floor(index / outputs / features);
    const first = image * channels + Math.floor(feature / perGroup) * each;
    let sum = added?.[feature] ?? 0;
    for (let c = 0; c < each; c++)
      for (let t = 0; t < points; t++) {
        const at = taps[position * points + t]!;
        if (at >= 0)
          sum += images[(first + c) * inner + at]! * weights[(feature * each + c) * points + t]!;
      }
    return sum;
  });
}

/** y[n, m, tap(i, t)] += x[n, c, i] w[c, m, t], beginning with b[m]. */
function convolveBack(
  x: NDArray,
  w: NDArray,
  bias: NDArray | undefined,
  axes: readonly StaticAxis[],
  shape: readonly number[],
): NDArray {
  const [images, weights, added] = [numbersOf(x), numbersOf(w), bias && numbersOf(bias)];
  const taps = windowTaps(axes);
  const [outer, points, inner] = [
    counts(axes, "input"),
    counts(axes, "kernel"),
    counts(axes, "output"),
  ];
  const [channels, features, each] = [x.shape[1]!, shape[1]!, w.shape[1]!];
  const perGroup = channels / (features / each);
  const y = generate(x.type, shape, (index) => added?.[Math.floor(index / outer) % features] ?? 0);
  const sums = numbersOf(y);
  for (const [index, value] of images.entries()) {
    const position = index % inner;
    const channel = Math.floor(index / inner) % channels;
    const image = Math.floor(index / inner / channels);
    const first = image * features + Math.floor(channel / perGroup) * each;
    for (let m = 0; m < each; m++)
      for (let t = 0; t < points; t++) {
        const at = taps[position * points + t]!;
        if (at >= 0)
          sums[(first + m) * outer + at]! += value * weights[(channel * each + m) * points + t]!;
      }
  }
  return y;
}

export const convolutions = {
  Conv: operator({
    inputs: ["X", "W", "B?"],
    outputs: ["Y"],
    attributes: convAttributes,
    infer({ x: [x, w, bias], attributes }) {
      wantFloat("X", x);
      wantSame(x, w, ...(bias ? [bias] : []));
      if (!x.shape || !w.shape) return [{ type: x.type, shape: undefined }];
      wantImages(x.shape, w.shape);
      const [features, each] = [w.shape[0]!, w.shape[1]!];
      wantGroup(attributes.group, x.shape[1]!);
      wantGroup(attributes.group, features);
      mergeDimensions(x.shape[1]!, times(each, attributes.group));
      wantBias(bias, features);
      const sizes = convAxes(x.shape, w.shape, attributes).map((axis) => axis.output);
      return [{ type: x.type, shape: [x.shape[0]!, features, ...sizes] }];
    },
    evaluate({ x: [x, w, bias], attributes, y: [y] }) {
      const axes = staticAxes(convAxes(x.shape, w.shape, attributes));
      return [convolve(x, w, bias, axes, staticShape(y))];
    },
  }),

  ConvTranspose: operator({
    inputs: ["X", "W", "B?"],
    outputs: ["Y"],
    attributes: transposeAttributes,
    infer({ x: [x, w, bias], attributes }) {
      wantFloat("X", x);
      wantSame(x, w, ...(bias ? [bias] : []));
      if (!x.shape || !w.shape) return [{ type: x.type, shape: undefined }];
      wantImages(x.shape, w.shape);
      mergeDimensions(x.shape[1]!, w.shape[0]!);
      wantGroup(attributes.group, x.shape[1]!);
      const features = times(w.shape[1]!, attributes.group);
      wantBias(bias, features);
      const sizes = transposeAxes(x.shape, w.shape, attributes).map((axis) => axis.input);
      return [{ type: x.type, shape: [x.shape[0]!, features, ...sizes] }];
    },
    evaluate({ x: [x, w, bias], attributes, y: [y] }) {
      const axes = staticAxes(transposeAxes(x.shape, w.shape, attributes));
      return [convolveBack(x, w, bias, axes, staticShape(y))];
    },
  }),
};
