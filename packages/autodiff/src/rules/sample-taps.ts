/**
 * Values between the elements of planes, each a sum of the few elements around its place, and the ways back from it:
 * to the elements, and to the place. Along each axis the weight w of an element is a polynomial of t, which says how
 * far the place lies behind the element in front of it.
 *
 *   y = Σ_k x[i_k] Π_a w_ka(t_a)
 *   dx[i_k] += dy Π_a w_ka(t_a)
 *   dt_a = Σ_k dy x[i_k] w'_ka(t_a) Π_{b ≠ a} w_kb(t_b)
 */
import { type FloatType, type GraphBuilder, tensorOf, type Value } from "@amaas/graph";
import { refuse } from "../refusal.ts";
import { floatOf, reshapeBy, type Size, sizeAt, times, vectorOf, zerosLike } from "../sizes.ts";
import { once } from "./once.ts";
import { type PlaneAxis, perAxis } from "./plane-axes.ts";

export type Mode = "nearest" | "linear" | "cubic";

/** What counts for an element outside: nothing, the last one inside, or its mirror image, at the last one or its edge. */
export type Outside = "zeros" | "border" | "mirrored" | "mirrored at edges";

/** The elements around each place: one for each combination of those along the axes. */
export interface Taps {
  /** Where in the flat plane: [batch, channels, taps * places]. */
  readonly index: Value;
  /** For each axis how much of it: [batch, 1, taps, places]; none where all of it. */
  readonly weights: readonly Value[];
  /** The product of the weights, if there are any. */
  readonly weight: () => Value | undefined;
  /** For each axis how fast its weight grows with the coordinate. */
  readonly slopes: () => readonly Value[];
  /** [batch, channels, taps, places] */
  readonly sizes: readonly [Size, Size, Size, Size];
}

/** More than there are models for; the elements around a place double with each. */
const mostAxes = 3;

const a = -0.75;

/** For each power of t its factors in the weights of the elements along an axis, which follow each other. */
const polynomials: Readonly<Record<Mode, readonly (readonly number[])[]>> = {
  nearest: [[1]],
  linear: [
    [1, 0],
    [-1, 1],
  ],
  cubic: [
    [0, 1, 0, 0],
    [a, 0, -a, 0],
    [-2 * a, -a - 3, 2 * a + 3, a],
    [a, a + 2, -a - 2, -a],
  ],
};

/** The taps of places with coordinates u, [batch, axes, 1, places], in planes [batch, channels, elements]. */
export function tapsAround(
  g: GraphBuilder,
  planes: Value,
  u: Value,
  axes: readonly PlaneAxis[],
  { mode, outside }: { readonly mode: Mode; readonly outside: Outside },
): Taps {
  if (axes.length > mostAxes)
    refuse(`places have ${axes.length} coordinates, more than the ${mostAxes} that are taken`);
  const polynomial = polynomials[mode];
  const along = polynomial[0]!.length;
  const whole = g.node(mode === "nearest" ? "Round" : "Floor", [u]);
  const first = g.cast(whole, "INT64");
  const asked = along === 1 ? first : g.add(first, perTap(g, stepsOf(along), axes.length, "INT64"));
  const found = insteadOf(g, asked, axes, outside);
  const here = outside === "zeros" ? g.equal(asked, found) : undefined;
  const t = once(() => g.sub(u, whole));
  const evaluated = (powers: readonly (readonly number[])[]): readonly Value[] => {
    const factors = powers.map((each) => perTap(g, each, axes.length, floatOf(u)));
    const sum = factors.reduceRight((sofar, each) => g.add(g.mul(sofar, t()), each));
    return perRow(g, here ? g.where(here, sum, g.scalar(0, sum)) : sum, axes.length);
  };
  const weights = along === 1 && !here ? [] : evaluated(polynomial);
  const [batch, channels, places] = [sizeAt(g, planes, 0), sizeAt(g, planes, 1), sizeAt(g, u, 3)];
  const sizes = [batch, channels, along ** axes.length, places] as const;
  return {
    index: flatIndex(g, found, axes, sizes),
    weights,
    weight: once(() => (weights.length > 0 ? productOf(g, weights) : undefined)),
    slopes: () => evaluated(derivative(polynomial)),
    sizes,
  };
}

/** Where the elements along an axis lie, counted from the one in front of the place. */
function stepsOf(along: number): readonly number[] {
  return Array.from({ length: along }, (_, step) => step - Math.ceil(along / 2) + 1);
}

/** A number for each element along an axis, as [axes, taps, 1] where taps are all combinations of them. */
function perTap(
  g: GraphBuilder,
  values: readonly number[],
  axes: number,
  type: FloatType | "INT64",
): Value {
  const taps = values.length ** axes;
  const all = Array.from({ length: axes * taps }, (_, at) => {
    const [axis, tap] = [Math.floor(at / taps), at % taps];
    return values[Math.floor(tap / values.length ** axis) % values.length]!;
  });
  return g.constant(tensorOf(type, [axes, taps, 1], all));
}

function derivative(polynomial: readonly (readonly number[])[]): readonly (readonly number[])[] {
  return polynomial.slice(1).map((factors, power) => factors.map((each) => each * (power + 1)));
}

/** [..., axes, taps, places] as one for each axis. */
function perRow(g: GraphBuilder, values: Value, axes: number): readonly Value[] {
  return axes === 1 ? [values] : g.split(values, new Array<number>(axes).fill(1), -3);
}

/** The positions along the axes that count for those that are asked for; for "zeros" any that there are. */
function insteadOf(
  g: GraphBuilder,
  asked: Value,
  axes: readonly PlaneAxis[],
  outside: Outside,
): Value {
  const sizes = axes.map(({ size }) => size);
  if (outside === "zeros" || outside === "border") {
    const last = perAxis(g, sizes, "INT64", { plus: -1 });
    return g.node("Min", [g.node("Max", [asked, g.scalar(0, asked)]), last]);
  }
  // The way there and back; mirrored at its last element, an axis has no such way if that is its only one.
  const atEdges = outside === "mirrored at edges";
  const round = atEdges ? { factor: 2 } : { factor: 2, plus: -2, least: 1 };
  const there = g.node("Mod", [asked, perAxis(g, sizes, "INT64", round)]);
  const end = atEdges ? { factor: 2, plus: -1 } : round;
  return g.node("Min", [there, g.sub(perAxis(g, sizes, "INT64", end), there)]);
}

function flatIndex(
  g: GraphBuilder,
  found: Value,
  axes: readonly PlaneAxis[],
  [batch, channels, count, places]: Taps["sizes"],
): Value {
  const strides = axes.map(({ stride }) => stride);
  const steps = g.mul(found, perAxis(g, strides, "INT64"));
  const flat = g.reduceSum(steps, [1], { keepdims: false });
  const row = reshapeBy(g, flat, [batch, 1, times(g, count, places)]);
  return g.expand(row, vectorOf(g, [batch, channels, times(g, count, places)]));
}

/** The elements themselves: [batch, channels, taps, places]. */
export function elementsAt(g: GraphBuilder, planes: Value, { index, sizes }: Taps): Value {
  return reshapeBy(g, g.gatherElements(planes, index, 2), sizes);
}

/** What they make: [batch, channels, 1, places]. */
export function sumsOf(g: GraphBuilder, elements: Value, { weight }: Taps): Value {
  return g.reduceSum(weighted(g, elements, weight()), [2]);
}

/** What goes back from d, [batch, channels, 1, places], to the elements, added up in the order of the places. */
export function toElements(g: GraphBuilder, planes: Value, taps: Taps, d: Value): Value {
  const [batch, channels, count, places] = taps.sizes;
  const shares = reshapeBy(g, weighted(g, d, taps.weight()), [
    batch,
    channels,
    times(g, count, places),
  ]);
  return g.scatterElements(zerosLike(g, planes), taps.index, shares, { axis: 2, reduction: "add" });
}

/** What goes back from d to the coordinates: [batch, axes, 1, places]. */
export function toPlaces(
  g: GraphBuilder,
  elements: Value,
  { weights, slopes }: Taps,
  d: Value,
): Value {
  const each = g.reduceSum(g.mul(elements, d), [1]);
  const rows = slopes().map((slope, axis) => productOf(g, weights.with(axis, slope)));
  const all = rows.length === 1 ? rows[0]! : g.concat(rows, 1);
  return g.reduceSum(g.mul(each, all), [2]);
}

function weighted(g: GraphBuilder, values: Value, weight: Value | undefined): Value {
  return weight ? g.mul(values, weight) : values;
}

function productOf(g: GraphBuilder, factors: readonly Value[]): Value {
  return factors.reduce((sofar, factor) => g.mul(sofar, factor));
}
