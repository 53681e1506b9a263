/**
 * Sizes as values: constants where they are known when the gradient is derived, Shape nodes where they are
 * known only when it runs.
 */
import {
  type FloatType,
  type GraphBuilder,
  isFloat,
  isStatic,
  knownNumbers,
  type Shape,
  sizeOf,
  tensorOf,
  type Value,
} from "@amaas/graph";
import { refuse } from "./refusal.ts";

/** The shape of a value, of which at least the rank must be known. */
export function shapeOf(x: Value): Shape {
  return x.shape ?? refuse(`the rank of "${x.label}" is not known; declare its shape`);
}

/** The sizes of the axes from `start` up to `end`, as an INT64 vector. */
export function sizes(g: GraphBuilder, x: Value, start?: number, end?: number): Value {
  const wanted = shapeOf(x).slice(start, end);
  return isStatic(wanted) ? g.ints(wanted) : g.shape(x, start, end);
}

/** Vectors of sizes behind one another. */
export function joinSizes(g: GraphBuilder, parts: readonly Value[]): Value {
  const known = parts.map((part) => knownNumbers(part.content));
  if (known.every((part) => part !== undefined)) return g.ints(known.flat());
  return g.concat(parts, 0);
}

/** A number, or a vector of one size where it is seen only when the graph runs. */
export type Size = number | Value;

/** The size of an axis. */
export function sizeAt(g: GraphBuilder, x: Value, axis: number): Size {
  const size = shapeOf(x).at(axis)!;
  if (typeof size === "number") return size;
  const at = axis < 0 ? axis + shapeOf(x).length : axis;
  return g.shape(x, at, at + 1);
}

/** The sizes of all axes, each as `sizeAt` has it. */
export function sizesOf(g: GraphBuilder, x: Value): readonly Size[] {
  return shapeOf(x).map((_, axis) => sizeAt(g, x, axis));
}

/** Sizes of both kinds as one vector. */
export function vectorOf(g: GraphBuilder, parts: readonly Size[]): Value {
  if (parts.length === 0) return g.ints([]);
  const runs: (number[] | Value)[] = [];
  for (const part of parts) {
    const last = runs.at(-1);
    if (typeof part !== "number") runs.push(part);
    else if (Array.isArray(last)) last.push(part);
    else runs.push([part]);
  }
  return joinSizes(
    g,
    runs.map((run) => (Array.isArray(run) ? g.ints(run) : run)),
  );
}

/** `d` in a shape of sizes of both kinds. */
export function reshapeBy(g: GraphBuilder, d: Value, parts: readonly Size[]): Value {
  const open = parts.filter((part) => typeof part !== "number").length;
  // One size may be left to the engine, unless a size of 0 makes it ambiguous.
  if (open === 1 && !parts.includes(0))
    return g.reshape(
      d,
      parts.map((part) => (typeof part === "number" ? part : -1)),
    );
  return g.reshape(d, vectorOf(g, parts), { allowzero: 1 });
}

/** `d` in the shape of `x`, which has as many elements. */
export function reshapeLike(g: GraphBuilder, d: Value, x: Value): Value {
  const shape = shapeOf(x);
  const open = shape.filter((size) => typeof size === "string").length;
  // One size may be left to the engine, unless a size of 0 makes it ambiguous.
  if (open === 1 && !shape.includes(0))
    return g.reshape(
      d,
      shape.map((size) => (typeof size === "number" ? size : -1)),
    );
  return g.reshape(d, sizes(g, x), { allowzero: 1 });
}

/** Two sizes multiplied. */
export function times(g: GraphBuilder, a: Size, b: Size): Size {
  if (typeof a === "number" && typeof b === "number") return a * b;
  if (a === 1) return b;
  return b === 1 ? a : g.mul(vectorOf(g, [a]), vectorOf(g, [b]));
}

/** Zeros in the shape and type of `x`. */
export function zerosLike(g: GraphBuilder, x: Value): Value {
  return g.node("ConstantOfShape", [sizes(g, x)], { value: zeroOf(x) });
}

/** Zeros of the type of another value. */
export function zeros(g: GraphBuilder, shape: readonly Size[], like: Value): Value {
  return g.node("ConstantOfShape", [vectorOf(g, shape)], { value: zeroOf(like) });
}

function zeroOf(x: Value) {
  if (!x.type || !isFloat(x.type)) return refuse(`"${x.label}" is no floating-point value`);
  return tensorOf(x.type, [1], [0]);
}

/** How many elements `x` has, as a vector of one size. */
export function flatSize(g: GraphBuilder, x: Value): Value {
  const size = sizeOf(x.shape);
  return size === undefined ? g.reshape(g.size(x), [1]) : g.ints([size]);
}

/** The position of each element of `x` in row-major order, in the shape of `x`. */
export function positionsOf(g: GraphBuilder, x: Value): Value {
  const count = g.squeeze(flatSize(g, x), [0]);
  const row = g.node("Range", [g.scalar(0, "INT64"), count, g.scalar(1, "INT64")]);
  return g.reshape(row, sizes(g, x), { allowzero: 1 });
}

/** Zeros in the shape of `x`, with the elements of `d` added where `positions` of the same shape says. */
export function scatterFlat(g: GraphBuilder, x: Value, positions: Value, d: Value): Value {
  const flat = g.node("ConstantOfShape", [flatSize(g, x)], { value: zeroOf(x) });
  const [at, updates] = [g.reshape(positions, [-1]), g.reshape(d, [-1])];
  return reshapeLike(g, g.scatterElements(flat, at, updates, { reduction: "add" }), x);
}

/** Ones in the shape and type of a value whose every size is a number. */
export function onesLike(g: GraphBuilder, x: Value): Value {
  const shape = shapeOf(x);
  if (!x.type || !isFloat(x.type) || !isStatic(shape)) return refuse(`"${x.label}" is no scalar`);
  return g.constant(tensorOf(x.type, shape, [1]));
}

/** The type of a floating-point value. */
export function floatOf({ type, label }: Value): FloatType {
  return type && isFloat(type) ? type : refuse(`"${label}" is no floating-point value`);
}
