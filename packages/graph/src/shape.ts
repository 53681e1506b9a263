/**
 * Arithmetic of shapes whose sizes may be symbols. Where two sizes cannot both be right it refuses; where it
 * cannot know, it says `"?"` (a size) or undefined (a shape).
 */
import type { DataType } from "@amaas/tensor";
import type { Dimension, Shape } from "./graph.ts";
import { misfit } from "./misfit.ts";

export const unknownDimension = "?";
/** More axes than any model has; each costs time at every node. */
export const mostAxes = 64;
/** Constants longer than this are not looked into for sizes and axes. */
export const longestContent = 1024;

/** As many floats scale a size along each axis. */
const mostFactors = 16;

/** How many elements of a type may be looked into. */
export function longestContentOf(type: DataType): number {
  if (type === "INT64" || type === "INT32" || type === "BOOL") return longestContent;
  return type === "FP32" || type === "FP64" ? mostFactors : -1;
}

/** What is known of a value before it is computed. */
export interface ValueType {
  readonly type: DataType;
  readonly shape: Shape | undefined;
  /** The elements of a small vector or scalar that holds sizes, axes or factors of them, where they are known. */
  readonly content?: readonly Dimension[] | undefined;
}

/** Whether two sizes are certainly the same. */
export function sameDimension(a: Dimension, b: Dimension): boolean {
  return a === b && a !== unknownDimension;
}

/** A size of which two things are known; refuses when they contradict each other. */
export function mergeDimensions(a: Dimension, b: Dimension): Dimension {
  if (typeof a === "number" && typeof b === "number" && a !== b)
    misfit(`a size is ${a} on one side and ${b} on the other`);
  if (typeof a === "number") return a;
  if (typeof b === "number") return b;
  return a === unknownDimension ? b : a;
}

/** A shape of which two things are known. */
export function mergeShapes(a: Shape | undefined, b: Shape | undefined): Shape | undefined {
  if (!a) return b;
  if (!b) return a;
  if (a.length !== b.length)
    misfit(`the shapes ${printShape(a)} and ${printShape(b)} differ in rank`);
  return a.map((dimension, axis) => mergeDimensions(dimension, b[axis]!));
}

/** The shape that ONNX's (NumPy's) broadcasting makes of several. */
export function broadcastShapes(...shapes: readonly (Shape | undefined)[]): Shape | undefined {
  let result: Shape | undefined = [];
  for (const shape of shapes) result = result && shape && broadcastPair(result, shape);
  return result;
}

function broadcastPair(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    return (
      broadcastDimension(left, right) ??
      misfit(`${printShape(a)} and ${printShape(b)} do not broadcast`)
    );
  });
}

function broadcastDimension(a: Dimension, b: Dimension): Dimension | undefined {
  if (a === b || b === 1) return a;
  if (a === 1) return b;
  if (typeof a === "number") return typeof b === "number" ? undefined : a;
  return typeof b === "number" ? b : unknownDimension;
}

/** An axis as a number from 0; refuses one that the rank does not have. */
export function axisOf(axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank)
    misfit(`axis ${axis} is outside the ${rank} axes there are`);
  return axis < 0 ? axis + rank : axis;
}

/** Several axes as numbers from 0, in rising order; refuses a repeat. */
export function axesOf(axes: readonly number[], rank: number): readonly number[] {
  const sorted = axes.map((axis) => axisOf(axis, rank)).sort((a, b) => a - b);
  if (new Set(sorted).size !== sorted.length) misfit(`the axes [${axes}] repeat one`);
  return sorted;
}

/** A shape of which only the rank is known, if that. */
export function unknownSizes(rank: number | undefined): Shape | undefined {
  if (rank === undefined) return undefined;
  if (rank < 0 || rank > mostAxes) misfit(`${rank} axes are more than the ${mostAxes} allowed`);
  return new Array<Dimension>(rank).fill(unknownDimension);
}

/** All axes of a rank. */
export function allAxes(rank: number): readonly number[] {
  return Array.from({ length: rank }, (_, axis) => axis);
}

/** The number of elements; undefined when a size is a symbol. */
export function sizeOf(shape: Shape | undefined): number | undefined {
  if (!shape || !isStatic(shape)) return undefined;
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  if (!Number.isSafeInteger(size)) misfit(`${printShape(shape)} has too many elements`);
  return size;
}

/** Sizes multiplied: a number, a symbol where nothing but ones stands beside it, or unknown. */
export function productOf(sizes: readonly Dimension[]): Dimension {
  if (sizes.includes(0)) return 0;
  if (isStatic(sizes)) return sizes.reduce((product, size) => product * size, 1);
  const others = sizes.filter((size) => size !== 1);
  return others.length === 1 ? others[0]! : unknownDimension;
}

/** Whether every size is a number. */
export function isStatic(shape: Shape): shape is readonly number[] {
  return shape.every((dimension) => typeof dimension === "number");
}

/** Whole numbers of which every one is known. */
export function knownNumbers(
  content: readonly Dimension[] | undefined,
): readonly number[] | undefined {
  return content && isStatic(content) ? content : undefined;
}

export function printShape(shape: Shape | undefined): string {
  return shape ? `[${shape.join(", ")}]` : "[...]";
}

/** `FP32[batch, 10]` */
export function printType({ type, shape }: Pick<ValueType, "type" | "shape">): string {
  return type + printShape(shape);
}

/** The shape of a value whose every size is known by now. */
export function staticShape(value: ValueType | undefined): readonly number[] {
  const shape = value?.shape;
  return shape && isStatic(shape) ? shape : misfit(`the shape ${printShape(shape)} is not known`);
}
