/**
 * Gradient rules for deformable convolutions. Forward it is the engine's own kernel. With s what each point of each
 * window sees of a channel, a sample between elements,
 *
 *   y[m, o] = b[m] + Σ_{c, t} w[m, c, t] v[c, t, o]      v = mask s
 *   dw[m, c, t] = Σ_{n, o} dy[m, o] v[c, t, o]
 *   dv[c, t, o] = Σ_m w[m, c, t] dy[m, o]
 *   dmask[t, o] = Σ_c dv s,  ds = mask dv
 *
 * and from ds to x and to the offsets lead the ways back of all such samples (sample-taps.ts).
 */
import {
  deformAxes,
  type GraphBuilder,
  sizeOf,
  tensorOf,
  type Value,
  type WindowAxis,
} from "@amaas/graph";
import { refuse } from "../refusal.ts";
import type { Backward, Rules } from "../rule.ts";
import {
  floatOf,
  reshapeBy,
  reshapeLike,
  type Size,
  shapeOf,
  sizeAt,
  sizesOf,
  times,
  vectorOf,
} from "../sizes.ts";
import { once } from "./once.ts";
import { asRows, divided, perAxis, planeAxes, planesOf, product } from "./plane-axes.ts";
import { countTo } from "./rows.ts";
import { elementsAt, sumsOf, tapsAround, toElements, toPlaces } from "./sample-taps.ts";

/** Where they lie is written into the graph. */
const mostPoints = 4096;

const bilinear = { mode: "linear", outside: "zeros" } as const;

export const deformations = {
  DeformConv: (node) => {
    const [x, w, offset, bias, mask] = node.x;
    const { g, dy, wanted } = node;
    const layout = layoutOf(node);
    const { parts, channels, places } = layout;
    const planes = once(() => planesOf(g, x, [parts, channels]));
    const taps = once(() =>
      tapsAround(g, planes(), coordinates(node, layout), planeAxes(g, x), bilinear),
    );
    const elements = once(() => elementsAt(g, planes(), taps()));
    const seen = once(() => sumsOf(g, elements(), taps()));
    const factors = once(() => mask && reshapeBy(g, mask, [parts, 1, 1, places]));
    const masked = (s: Value): Value => (factors() ? g.mul(s, factors()!) : s);
    const dv = once(() => columnGradient(g, w, dy, layout));
    const ds = once(() => masked(dv()));
    return [
      wanted[0] ? reshapeLike(g, toElements(g, planes(), taps(), ds()), x) : null,
      wanted[1] ? weightGradient(g, masked(seen()), w, dy, layout) : null,
      wanted[2] ? asOffset(g, toPlaces(g, elements(), taps(), ds()), offset, layout) : null,
      bias && wanted[3] ? sumByFeature(g, dy) : null,
      mask && wanted[4] ? reshapeLike(g, g.reduceSum(g.mul(dv(), seen()), [1]), mask) : null,
    ];
  },
} satisfies Rules<"DeformConv">;

/** The sizes of all values, where channels with offsets of their own are a part by themselves. */
interface Layout {
  readonly batch: Size;
  /** Images times groups of offsets. */
  readonly parts: Size;
  /** Of a part. */
  readonly channels: Size;
  readonly group: number;
  /** Of a group. */
  readonly features: Size;
  readonly axes: readonly WindowAxis[];
  /** Of the kernel. */
  readonly points: number;
  readonly windows: Size;
  /** Points times windows. */
  readonly places: Size;
}

function layoutOf({ g, x: [x, w], dy, attributes }: Backward<"DeformConv">): Layout {
  const { group, offset_group } = attributes;
  const axes = deformAxes(shapeOf(x), shapeOf(w), attributes);
  const points =
    sizeOf(axes.map(({ kernel }) => kernel)) ??
    refuse(`the kernel of "${w.label}" is not known: declare its sizes, or give kernel_shape`);
  if (points > mostPoints)
    refuse(`its kernel has ${points} points, more than the ${mostPoints} that are taken`);
  const [batch, features, ...sizes] = sizesOf(g, dy) as readonly [Size, Size, ...Size[]];
  const windows = product(g, sizes);
  return {
    batch,
    parts: times(g, batch, offset_group),
    channels: divided(g, sizeAt(g, x, 1), offset_group),
    group,
    features: divided(g, features, group),
    axes,
    points,
    windows,
    places: times(g, points, windows),
  };
}

/** Where each point of each window falls: [parts, axes, 1, places]. */
function coordinates(node: Backward<"DeformConv">, layout: Layout): Value {
  const { g, dy } = node;
  const [, , offset] = node.x;
  const { parts, axes, points, windows, places } = layout;
  const rank = axes.length;
  // The index of each window along each axis, from its number.
  const out = planeAxes(g, dy);
  const behind = perAxis(
    g,
    out.map(({ stride }) => stride),
    "INT64",
  );
  const around = perAxis(
    g,
    out.map(({ size }) => size),
    "INT64",
  );
  const index = g.node("Mod", [g.div(countTo(g, vectorOf(g, [windows])), behind), around]);
  const column = (width: number, numbers: readonly number[]) =>
    g.constant(tensorOf("INT64", [rank, width, 1], numbers));
  const strides = axes.map(({ stride }) => stride);
  const fixed = g.add(g.mul(index, column(1, strides)), column(points, axes.flatMap(pointsAlong)));
  const start = g.cast(reshapeBy(g, fixed, [rank, 1, places]), floatOf(offset));
  const vectors = reshapeBy(g, offset, [parts, points, rank, windows]);
  return g.add(asRows(g, vectors, 2, [parts, rank, places]), start);
}

/** Where the points of a kernel lie along an axis, from where its window begins. */
function pointsAlong(
  { dilation, begin }: WindowAxis,
  axis: number,
  axes: readonly WindowAxis[],
): readonly number[] {
  const kernel = axes.map((each) => Number(each.kernel));
  const inner = sizeOf(kernel.slice(axis + 1))!;
  return Array.from(
    { length: sizeOf(kernel)! },
    (_, point) => (Math.floor(point / inner) % kernel[axis]!) * dilation - begin!,
  );
}

/** For the convolution, v is [batch, group, channels of a group * points, windows]. */
function weightGradient(g: GraphBuilder, v: Value, w: Value, dy: Value, layout: Layout): Value {
  const { batch, group, windows } = layout;
  const columns = reshapeBy(g, v, [batch, group, rowsOf(g, w, layout), windows]);
  const d = g.transpose(byGroup(g, dy, layout), [0, 1, 3, 2]);
  const sums = g.reduceSum(g.matMul(columns, d), [0], { keepdims: false });
  return reshapeLike(g, g.transpose(sums, [0, 2, 1]), w);
}

function columnGradient(g: GraphBuilder, w: Value, dy: Value, layout: Layout): Value {
  const { group, features, parts, channels, places } = layout;
  const rows = reshapeBy(g, w, [group, features, rowsOf(g, w, layout)]);
  const columns = g.matMul(g.transpose(rows, [0, 2, 1]), byGroup(g, dy, layout));
  return reshapeBy(g, columns, [parts, channels, 1, places]);
}

function rowsOf(g: GraphBuilder, w: Value, { points }: Layout): Size {
  return times(g, sizeAt(g, w, 1), points);
}

/** [batch, group, features of a group, windows] */
function byGroup(g: GraphBuilder, dy: Value, { batch, group, features, windows }: Layout): Value {
  return reshapeBy(g, dy, [batch, group, features, windows]);
}

/** [parts, axes, 1, places] in the shape of the offset, which has the axes inside each point. */
function asOffset(g: GraphBuilder, d: Value, offset: Value, layout: Layout): Value {
  const { parts, axes, points, windows } = layout;
  const apart = reshapeBy(g, d, [parts, axes.length, points, windows]);
  return reshapeLike(g, g.transpose(apart, [0, 2, 1, 3]), offset);
}

function sumByFeature(g: GraphBuilder, dy: Value): Value {
  const axes = shapeOf(dy).flatMap((_, axis) => (axis === 1 ? [] : [axis]));
  return g.reduceSum(dy, axes, { keepdims: false });
}
