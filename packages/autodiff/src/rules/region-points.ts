/**
 * Where the cells of regions lie along one axis of an image: the points at which RoiAlign looks, and the elements
 * that cells of MaxRoiPool cover. How many there are follows from the regions when the graph runs, so all cells have
 * as many as the largest, and those that a cell does not have are marked.
 */
import { type FloatType, type GraphBuilder, tensorOf, type Value } from "@amaas/graph";
import { floatOf, type Size, vectorOf } from "../sizes.ts";
import { countTo } from "./rows.ts";

/** One axis of all regions. */
export interface RegionAxis {
  /** Where each region begins and ends: [regions, 1], in elements of the image. */
  readonly from: Value;
  readonly to: Value;
  readonly cells: number;
  /** How long the axis of the image is. */
  readonly size: Size;
}

/** How RoiAlign looks at cells. */
export interface Sampling {
  readonly halfPixel: boolean;
  /** How many points a cell has; 0: as many as it has elements. */
  readonly ratio: number;
}

/** The points of each cell. */
export interface Points {
  /** [regions, cells, points], within the image. */
  readonly at: Value;
  /** Whether a point is near enough to the image to see some of it; of the same shape. */
  readonly near: Value;
  /** Whether the region has so many points: [regions, 1, points]; undefined where all have. */
  readonly counted: Value | undefined;
  /** How many points a cell of the region has, or 1 where it has none: [regions, 1, 1], or one number for all. */
  readonly count: Value;
}

export function pointsOf(
  g: GraphBuilder,
  { from, to, cells, size }: RegionAxis,
  { halfPixel, ratio }: Sampling,
): Points {
  const number = (value: number) => g.scalar(value, from);
  const length = halfPixel ? g.sub(to, from) : g.node("Max", [g.sub(to, from), number(1)]);
  const share = g.unsqueeze(g.div(length, number(cells)), [2]);
  const own = ratio > 0 ? undefined : g.relu(g.node("Ceil", [share]));
  const count = own ? g.node("Max", [own, number(1)]) : number(ratio);
  const index = numbersTo(g, own ? most(g, own, 0) : ratio, floatOf(from));
  const start = g.add(g.unsqueeze(from, [2]), g.mul(column(g, cells, from), share));
  const at = g.add(start, g.div(g.mul(g.add(index, number(0.5)), share), count));
  const near = g.and(g.greaterOrEqual(at, number(-1)), g.lessOrEqual(at, lengthOf(g, size, from)));
  const inside = g.node("Min", [g.relu(at), lengthOf(g, size, from, -1)]);
  return { at: inside, near, counted: own && g.less(index, own), count };
}

/** The elements that each cell covers. */
export interface Span {
  /** [regions, cells, elements], as whole numbers within the image. */
  readonly at: Value;
  /** Whether the cell has so many elements; of the same shape. */
  readonly counted: Value;
}

export function spansOf(g: GraphBuilder, { from, to, cells, size }: RegionAxis): Span {
  const number = (value: number) => g.scalar(value, from);
  const length = g.node("Max", [g.add(g.sub(to, from), number(1)), number(1)]);
  const share = g.unsqueeze(g.div(length, number(cells)), [2]);
  const begin = g.unsqueeze(from, [2]);
  const inside = (at: Value) => g.node("Min", [g.relu(g.add(at, begin)), lengthOf(g, size, from)]);
  const start = inside(g.node("Floor", [g.mul(column(g, cells, from), share)]));
  const end = inside(g.node("Ceil", [g.mul(column(g, cells, from, 1), share)]));
  const at = g.add(start, numbersTo(g, most(g, g.sub(end, start), 1), floatOf(from)));
  const last = g.node("Min", [at, lengthOf(g, size, from, -1)]);
  return { at: g.cast(last, "INT64"), counted: g.less(at, end) };
}

/** A size, and some more, as a number of the type of `like`. */
export function lengthOf(g: GraphBuilder, size: Size, like: Value, more = 0): Value {
  if (typeof size === "number") return g.scalar(size + more, like);
  const length = g.cast(g.squeeze(size, [0]), floatOf(like));
  return more === 0 ? length : g.add(length, g.scalar(more, like));
}

/** Constants are written out up to this length. */
const longestConstant = 1024;

/** 0, 1, 2, ... as many as `count` says. */
export function numbersTo(g: GraphBuilder, count: Size, type: FloatType | "INT64"): Value {
  if (typeof count === "number" && count <= longestConstant)
    return g.constant(tensorOf(type, [count], [...Array(count).keys()]));
  const whole = countTo(g, vectorOf(g, [count]));
  return type === "INT64" ? whole : g.cast(whole, type);
}

/** The numbers of the cells, from `first` on: [cells, 1]. */
function column(g: GraphBuilder, cells: number, like: Value, first = 0): Value {
  const numbers = Array.from({ length: cells }, (_, cell) => first + cell);
  return g.constant(tensorOf(floatOf(like), [cells, 1], numbers));
}

/** The largest of some counts and `least`. */
function most(g: GraphBuilder, counts: Value, least: number): Value {
  const largest = g.reduceMax(counts, undefined, { keepdims: false });
  // Of no regions at all, the largest is minus infinity.
  const count = g.node("Max", [largest, g.scalar(least, counts)]);
  return g.unsqueeze(g.cast(count, "INT64"), [0]);
}
