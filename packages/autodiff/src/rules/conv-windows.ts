/** What the gradients of convolutions need to know of the windows, and how they say it to Conv and ConvTranspose. */
import {
  extentOf,
  type GraphBuilder,
  isStaticAxis,
  type Value,
  type WindowAxis,
} from "@amaas/graph";
import { refuse } from "../refusal.ts";
import { shapeOf, sizes } from "../sizes.ts";

/** A convolution y = x * w whose gradients are wanted, given the one at y. */
export interface Convolution {
  readonly x: Value;
  readonly w: Value;
  readonly dy: Value;
  readonly axes: readonly WindowAxis[];
  readonly group: number;
}

/**
 * How many elements behind the input the last window reaches; when negative, so many of the input lie behind the
 * last window. Undefined where it follows from sizes that are not known.
 */
export function reachBehind(axis: WindowAxis): number | undefined {
  if (isStaticAxis(axis)) {
    const { input, kernel, stride, dilation, begin, output } = axis;
    return (output - 1) * stride + extentOf(kernel, dilation) - input - begin;
  }
  return axis.stride === 1 ? axis.end : undefined;
}

/** The padding in front of the input. */
export function beginOf({ begin }: WindowAxis, index: number): number {
  return (
    begin ??
    refuse(
      `its auto_pad follows from the size of spatial axis ${index}, which is not known: declare the size, or give pads`,
    )
  );
}

export function endOf({ end }: WindowAxis): number {
  return end ?? 0;
}

/** `d` without what lies behind the spatial sizes of `like`. */
export function cropTo(g: GraphBuilder, d: Value, like: Value): Value {
  const axes = spatialAxes(like);
  const starts = g.ints(axes.map(() => 0));
  return g.node("Slice", [d, starts, sizes(g, like, 2), g.ints(axes)]);
}

export function spatialAxes(x: Value): readonly number[] {
  return shapeOf(x).flatMap((_, axis) => (axis < 2 ? [] : [axis]));
}

/** The batch and the channels in each other's place. */
export function swapFirst(g: GraphBuilder, x: Value): Value {
  return g.transpose(x, [1, 0, ...spatialAxes(x)]);
}

/** [N, C, ...] as [N, ..., C]. */
export function channelsLast(g: GraphBuilder, x: Value): Value {
  return g.transpose(x, [0, ...spatialAxes(x), 1]);
}

/** [N, C, ...] as a row for each channel, of which the number is known. */
export function asColumns(g: GraphBuilder, x: Value): Value {
  return g.reshape(swapFirst(g, x), [Number(shapeOf(x)[1]), -1]);
}

/** x * w for windows that are known only as axes: the gradient of a transposed convolution. */
export function backConvolution(g: GraphBuilder, { x, w, dy, axes, group }: Convolution): Value {
  const reach = axes.map(reachBehind);
  const exact = axes.every(({ stride }, index) => (reach[index] ?? -stride) > -stride);
  const y = g.node("Conv", [x, w], {
    strides: axes.map((axis) => axis.stride),
    dilations: axes.map((axis) => axis.dilation),
    group,
    pads: [
      ...axes.map(beginOf),
      ...axes.map((axis, index) => Math.max(0, reach[index] ?? endOf(axis))),
    ],
  });
  return exact ? y : cropTo(g, y, dy);
}
