/** The gradient of a convolution at its weights, in the form that suits its sizes. */
import { type GraphBuilder, type StaticAxis, tensorOf, type Value, windowTaps } from "@amaas/graph";
import { joinSizes, shapeOf, sizes } from "../sizes.ts";
import { type Layout, layoutOf, type WeightForm, weightForm } from "./conv-forms.ts";
import {
  asColumns,
  beginOf,
  type Convolution,
  channelsLast,
  cropTo,
  endOf,
  reachBehind,
  spatialAxes,
  swapFirst,
} from "./conv-windows.ts";

export function weightGradient(g: GraphBuilder, given: Convolution, label: string): Value {
  const layout = layoutOf(given);
  const form = weightForm(layout);
  const name = `${label}/dW:${form}`;
  if (!layout || form === "convolved") return convolvedForm(g, given, name);
  const { features, channels, group, axes } = layout;
  const kernel = axes.map((axis) => axis.kernel);
  const shape = [features, channels / group, ...kernel];
  const made = forms[form](g, given, layout, name);
  // Some make [features, points, channels].
  const turned = form === "taps" || form === "columns" || (form === "gathered" && !isShort(layout));
  return g.reshape(turned ? channelsBefore(g, made, layout) : made, shape);
}

/** Rows of [points, channels] as rows of [channels, points]. */
function channelsBefore(g: GraphBuilder, x: Value, { points, channels }: Layout): Value {
  return g.transpose(g.reshape(x, [-1, points, channels]), [0, 2, 1]);
}

/** Whether all windows together are fewer than the features: then it costs less to turn them than the product. */
function isShort({ samples, windows, features }: Layout): boolean {
  return samples !== undefined && samples * windows < features;
}

/**
 * A convolution of x by dy in which the batch takes the place of the channels, and strides and dilations that of
 * each other: each group of channels of x meets its own group of features of dy.
 */
function convolvedForm(g: GraphBuilder, given: Convolution, name: string): Value {
  const { w, dy, axes, group } = given;
  const reach = axes.map(reachBehind);
  const attributes = {
    strides: axes.map((axis) => axis.dilation),
    dilations: axes.map((axis) => axis.stride),
    group,
    pads: [
      ...axes.map(beginOf),
      ...axes.map((axis, index) => Math.max(0, reach[index] ?? endOf(axis))),
    ],
  };
  const dw = g.node("Conv", [batchAsChannels(g, given), swapFirst(g, dy)], attributes, { name });
  // What the windows leave over at the end of the input reads as further points of the kernel.
  const exact = axes.every(({ dilation }, index) => (reach[index] ?? -dilation) > -dilation);
  const swapped = swapFirst(g, dw);
  return exact ? swapped : cropTo(g, swapped, w);
}

/** x as [C/group, group * N, ...]. */
function batchAsChannels(g: GraphBuilder, { x, group }: Convolution): Value {
  if (group === 1) return swapFirst(g, x);
  const [batch, rest] = [sizes(g, x, 0, 1), sizes(g, x, 2)];
  const channels = shapeOf(x)[1]!;
  // Of no samples, a size that is left open could be any.
  const each = typeof channels === "number" ? channels / group : -1;
  const split = g.reshape(x, joinSizes(g, [batch, g.ints([group, each]), rest]));
  const turned = g.transpose(split, [2, 1, 0, ...spatialAxes(x).map((axis) => axis + 1)]);
  const first = each === -1 ? g.shape(turned, 0, 1) : g.ints([each]);
  return g.reshape(turned, joinSizes(g, [first, g.ints([-1]), rest]));
}

type Form = (g: GraphBuilder, given: Convolution, layout: Layout, name: string) => Value;

const forms = {
  /** A kernel of one point: dy times what it sees of x. */
  product(g, { x, dy }, { axes }, name) {
    const seen = shifted(
      g,
      x,
      2,
      axes,
      axes.map(() => 0),
    );
    return g.node("Gemm", [asColumns(g, dy), asColumns(g, seen)], { transB: 1 }, { name });
  },

  /** One product for each point of the kernel, of dy with what the point sees of x. */
  taps(g, { x, dy }, { axes, channels }, name) {
    const images = surrounded(g, channelsLast(g, x), 1, axes);
    const columns = asColumns(g, dy);
    const products = pointsOf(axes).map((point) => {
      const seen = g.reshape(shifted(g, images, 1, axes, point), [-1, channels]);
      return g.node("Gemm", [columns, seen], {}, { name });
    });
    return g.concat(products, 1);
  },

  /** One product of dy with all windows of x as rows, which are gathered from its pixels. */
  gathered(g, { x, dy }, layout, name) {
    const { axes, channels, points } = layout;
    const wide = axes.map((axis) => ({ ...axis, begin: 0, input: surroundedSize(axis) }));
    const count = wide.reduce((product, { input }) => product * input, 1);
    const pixels = g.reshape(surrounded(g, channelsLast(g, x), 1, axes), [-1, count, channels]);
    const index = Array.from(windowTaps(wide));
    const taken = g.gather(pixels, g.constant(tensorOf("INT32", [index.length], index)), 1);
    const rows = isShort(layout) ? channelsBefore(g, taken, layout) : taken;
    const windows = g.reshape(rows, [-1, points * channels]);
    return g.node("Gemm", [asColumns(g, dy), windows], {}, { name });
  },

  /** The same with windows as columns: rows of few channels are short, rows of images are long. */
  columns(g, { x, dy }, { axes, channels, points }, name) {
    const images = surrounded(g, swapFirst(g, x), 2, axes);
    const parts = pointsOf(axes).map((point) => shifted(g, images, 2, axes, point));
    const columns = g.reshape(g.concat(parts, 0), [points * channels, -1]);
    return g.node("Gemm", [asColumns(g, dy), columns], { transB: 1 }, { name });
  },

  /** A kernel for each channel: dy, element by element, times what each point sees of x, summed. */
  shifts(g, { x, dy }, { axes, channels }, name) {
    const images = surrounded(g, channelsLast(g, x), 1, axes);
    const features = g.reshape(channelsLast(g, dy), [-1, channels]);
    const sums = pointsOf(axes).map((point) => {
      const seen = g.reshape(shifted(g, images, 1, axes, point), [-1, channels]);
      return g.reduceSum(g.mul(seen, features), [0]);
    });
    return g.transpose(g.node("Concat", sums, { axis: 0 }, { name }), [1, 0]);
  },
} satisfies Partial<Record<WeightForm, Form>>;

/** The points of a kernel, in row-major order. */
function pointsOf(axes: readonly StaticAxis[]): readonly (readonly number[])[] {
  return axes.reduce<readonly (readonly number[])[]>(
    (points, { kernel }) =>
      points.flatMap((point) => Array.from({ length: kernel }, (_, at) => [...point, at])),
    [[]],
  );
}

/** The size of an axis with what the windows take to lie around it. */
function surroundedSize(axis: StaticAxis): number {
  return axis.input + axis.begin + Math.max(0, reachBehind(axis)!);
}

/** x with zeros around its spatial axes, which begin at `first`. */
function surrounded(g: GraphBuilder, x: Value, first: number, axes: readonly StaticAxis[]): Value {
  if (axes.every((axis) => surroundedSize(axis) === axis.input)) return x;
  const pads = new Array<number>(2 * shapeOf(x).length).fill(0);
  for (const [at, axis] of axes.entries()) {
    pads[first + at] = axis.begin;
    pads[first + at + pads.length / 2] = Math.max(0, reachBehind(axis)!);
  }
  return g.node("Pad", [x, g.ints(pads)]);
}

/** What a point of the kernel sees of x: one element for each window. */
function shifted(
  g: GraphBuilder,
  x: Value,
  first: number,
  axes: readonly StaticAxis[],
  point: readonly number[],
): Value {
  const starts = axes.map(({ dilation }, at) => point[at]! * dilation);
  const ends = axes.map(({ output, stride }, at) => starts[at]! + (output - 1) * stride + 1);
  const whole = axes.every((axis, at) => axis.stride === 1 && ends[at] === shapeOf(x)[first + at]);
  if (whole && starts.every((start) => start === 0)) return x;
  const at = g.ints(axes.map((_, index) => first + index));
  const steps = g.ints(axes.map(({ stride }) => stride));
  return g.node("Slice", [x, g.ints(starts), g.ints(ends), at, steps]);
}
