/**
 * Arithmetic on what is known of small vectors before anything runs, so that sizes computed from sizes stay known.
 * An element is a number, the symbol of a size (which is never negative), or `"?"`. Only operations that every
 * machine rounds alike are followed.
 */
import type { DataType } from "@amaas/tensor";
import type { Dimension } from "../graph.ts";
import { longestContent, sameDimension, unknownDimension } from "../shape.ts";
import { isFloat } from "./type-classes.ts";

export type Content = readonly Dimension[] | undefined;
type Combine = (...elements: readonly Dimension[]) => Dimension;

/** One element at a time. */
export function mapContent(content: Content, element: (a: Dimension) => Dimension): Content {
  return content && content.length <= longestContent ? content.map(element) : undefined;
}

/** Several vectors or scalars, broadcast against each other. */
export function zipContent(contents: readonly Content[], combine: Combine): Content {
  const all = contents.filter((content) => content !== undefined);
  if (all.length < contents.length) return undefined;
  const length = all.find((content) => content.length !== 1)?.length ?? 1;
  if (length > longestContent) return undefined;
  return Array.from({ length }, (_, index) =>
    combine(...all.map((content) => content[content.length === 1 ? 0 : index]!)),
  );
}

/** A number as the type holds it; unknown where it does not fit, since what comes then is not to be relied on. */
export function known(value: number, type: DataType): Dimension {
  const rounded = type === "FP32" ? Math.fround(value) : value;
  const fits = isFloat(type) ? Number.isFinite(rounded) : isWhole(rounded, type);
  return fits && type !== "FP16" ? rounded : unknownDimension;
}

function isWhole(value: number, type: DataType): boolean {
  return Number.isSafeInteger(value) && (type !== "INT32" || Math.abs(value) < 2 ** 31);
}

/** What an operation makes of two elements of which one is a symbol; undefined where that is not known. */
export type Law = (a: Dimension, b: Dimension) => Dimension | undefined;

/** Folded from the left: numbers are computed, and symbols are what the laws of the operation make of them. */
export function combine(
  type: DataType,
  compute: (a: number, b: number, type: DataType) => number,
  law: Law,
): Combine {
  const pair = (a: Dimension, b: Dimension): Dimension =>
    typeof a === "number" && typeof b === "number"
      ? known(compute(a, b, type), type)
      : (law(a, b) ?? unknownDimension);
  return (...elements) => elements.reduce(pair);
}

/** The laws of neutral elements: n + 0, n - n, n * 1, n / 1, and what is known of the sign of a size. */
export const laws = {
  Add: (a, b) => (a === 0 ? b : b === 0 ? a : undefined),
  Sub: (a, b) => (b === 0 ? a : sameDimension(a, b) ? 0 : undefined),
  Mul: (a, b) => (a === 0 || b === 0 ? 0 : a === 1 ? b : b === 1 ? a : undefined),
  Div: (a, b) => (b === 1 ? a : undefined),
  Min: (a, b) => (sameDimension(a, b) ? a : isLeast(a, b) || isLeast(b, a) ? 0 : undefined),
  Max: (a, b) => (sameDimension(a, b) || isLeast(b, a) ? a : isLeast(a, b) ? b : undefined),
  Mod: (_, b) => (b === 1 ? 0 : undefined),
} satisfies Record<string, Law>;

/** Whether `a` is 0 beside a size. */
function isLeast(a: Dimension, b: Dimension): boolean {
  return a === 0 && isSize(b);
}

function isSize(dimension: Dimension): boolean {
  return typeof dimension === "string" && dimension !== unknownDimension;
}

/**
 * A comparison that stays as it is once it has turned while a number grows: it is known of a size where 0 and
 * infinity agree.
 */
export function comparing(
  compute: (a: number, b: number) => boolean,
): (a: Dimension, b: Dimension) => Dimension {
  const ranges = (dimension: Dimension) =>
    isSize(dimension) ? [0, Number.POSITIVE_INFINITY] : [Number(dimension)];
  return (a, b) => {
    if (a === unknownDimension || b === unknownDimension || (isSize(a) && isSize(b)))
      return unknownDimension;
    const found = ranges(a).flatMap((left) => ranges(b).map((right) => compute(left, right)));
    return new Set(found).size === 1 ? Number(found[0]) : unknownDimension;
  };
}

/** A size equals itself and no negative number. */
export function equality(a: Dimension, b: Dimension): Dimension {
  if (typeof a === "number" && typeof b === "number") return Number(a === b);
  if (sameDimension(a, b)) return 1;
  const apart = (n: Dimension, size: Dimension) => typeof n === "number" && n < 0 && isSize(size);
  return apart(a, b) || apart(b, a) ? 0 : unknownDimension;
}

/** The side that a condition chooses; where it is not known, what both agree on. */
export function choice(condition: Dimension, a: Dimension, b: Dimension): Dimension {
  if (typeof condition === "number") return condition === 1 ? a : b;
  return sameDimension(a, b) ? a : unknownDimension;
}
