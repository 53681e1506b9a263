/** The gradient of a convolution at its input, in the form that suits its sizes. */
import { type GraphBuilder, isStatic, tensorOf, type Value, windowTaps } from "@amaas/graph";
import { shapeOf, sizes } from "../sizes.ts";
import { inputForm, type Layout, layoutOf } from "./conv-forms.ts";
import {
  beginOf,
  type Convolution,
  channelsLast,
  cropTo,
  endOf,
  reachBehind,
  spatialAxes,
  swapFirst,
} from "./conv-windows.ts";

export function inputGradient(g: GraphBuilder, given: Convolution, label: string): Value {
  const layout = layoutOf(given);
  const form = inputForm(layout);
  const name = `${label}/dX:${form}`;
  if (!layout || form === "transposed") return transposedForm(g, given, name);
  return form === "flipped"
    ? flippedForm(g, given, layout, name)
    : gatheredForm(g, given, layout, name);
}

/** A transposed convolution; where the input's size is not known, of the most it can be, cut to what it is. */
function transposedForm(
  g: GraphBuilder,
  { x, w, dy, axes, group }: Convolution,
  name: string,
): Value {
  const reach = axes.map(reachBehind);
  const attributes = {
    strides: axes.map((axis) => axis.stride),
    dilations: axes.map((axis) => axis.dilation),
    group,
    pads: [
      ...axes.map(beginOf),
      ...axes.map((axis, index) => Math.max(0, reach[index] ?? endOf(axis))),
    ],
    output_padding: axes.map(({ stride }, index) => Math.max(0, -(reach[index] ?? 1 - stride))),
  };
  const dx = g.node("ConvTranspose", [dy, w], attributes, { name });
  return reach.includes(undefined) ? cropTo(g, dx, x) : dx;
}

/** A convolution of dy with the kernel turned around, channels and features in each other's place. */
function flippedForm(
  g: GraphBuilder,
  { w, dy }: Convolution,
  { axes, group, channels, features, points }: Layout,
  name: string,
): Value {
  const kernel = axes.map((axis) => axis.kernel);
  const turned = points === 1 ? w : reversed(g, w);
  const [from, to] = [features / group, channels / group];
  const swap = (x: Value): Value =>
    group === 1
      ? swapFirst(g, x)
      : g.reshape(toSecond(g, g.reshape(x, [group, from, to, ...kernel])), [
          channels,
          from,
          ...kernel,
        ]);
  const attributes = {
    dilations: axes.map((axis) => axis.dilation),
    group,
    pads: [
      ...axes.map(({ kernel, dilation, begin }) => (kernel - 1) * dilation - begin),
      ...axes.map((axis) => (axis.kernel - 1) * axis.dilation - reachBehind(axis)!),
    ],
  };
  // Of depthwise kernels there is nothing to swap.
  const weights = from === 1 && to === 1 ? turned : swap(turned);
  return g.node("Conv", [dy, weights], attributes, { name });
}

/** [groups, a, b, ...] as [groups, b, a, ...]. */
function toSecond(g: GraphBuilder, x: Value): Value {
  const rest = shapeOf(x)
    .slice(3)
    .map((_, axis) => axis + 3);
  return g.transpose(x, [0, 2, 1, ...rest]);
}

/** The kernel back to front along each spatial axis. */
function reversed(g: GraphBuilder, w: Value): Value {
  const axes = spatialAxes(w);
  const all = (value: number): Value => g.ints(axes.map(() => value));
  return g.node("Slice", [w, all(-1), all(-(2 ** 31)), g.ints(axes), all(-1)]);
}

/**
 * One product with the weights for the whole batch: what each window gives to each of its points. Each element of
 * the input then gathers what is its own, and as much of a row of zeros as it lies under fewer windows than others.
 */
function gatheredForm(
  g: GraphBuilder,
  { x, w, dy }: Convolution,
  { axes, channels, features, windows, points }: Layout,
  name: string,
): Value {
  const weights = g.reshape(w, [features, channels * points]);
  const parts = g.node(
    "Gemm",
    [g.reshape(channelsLast(g, dy), [-1, features]), weights],
    {},
    { name },
  );
  const apart = g.transpose(g.reshape(parts, [-1, windows, channels, points]), [0, 1, 3, 2]);
  const rows = g.reshape(apart, [-1, windows * points, channels]);
  const lists = partsOfElements(windowTaps(axes), axes);
  const most = Math.max(...lists.map((list) => list.length));
  const index = lists.flatMap((list) => [
    ...list,
    ...new Array<number>(most - list.length).fill(windows * points),
  ]);
  const even = lists.every((list) => list.length === most);
  const padded = even ? rows : g.node("Pad", [rows, g.ints([0, 0, 0, 0, 1, 0])]);
  const taken = g.gather(padded, g.constant(tensorOf("INT32", [index.length], index)), 1);
  const grouped = g.reshape(taken, [-1, lists.length, most, channels]);
  const sums = g.reduceSum(grouped, [2], { keepdims: false });
  const input = shapeOf(x).slice(1);
  const channelsFirst = g.transpose(sums, [0, 2, 1]);
  return isStatic(input)
    ? g.reshape(channelsFirst, [-1, ...input])
    : g.reshape(channelsFirst, sizes(g, x));
}

/** For each element of the input the places, in the table of taps, that mean it. */
function partsOfElements(taps: Int32Array, axes: Layout["axes"]): readonly number[][] {
  const count = axes.reduce((product, { input }) => product * input, 1);
  const lists = Array.from({ length: count }, (): number[] => []);
  for (const [place, at] of taps.entries()) if (at >= 0) lists[at]!.push(place);
  return lists;
}
