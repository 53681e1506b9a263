/**
 * Sizes as values: constants where they are known when the gradient is derived, Shape nodes where they are
 * known only when it runs.
 */
import {
  type GraphBuilder,
  isFloat,
  isStatic,
  knownNumbers,
  type Shape,
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

/** Zeros in the shape and type of `x`. */
export function zerosLike(g: GraphBuilder, x: Value): Value {
  if (!x.type || !isFloat(x.type)) return refuse(`"${x.label}" is no floating-point value`);
  const value = tensorOf(x.type, [1], [0]);
  return g.node("ConstantOfShape", [sizes(g, x)], { value });
}

/** Ones in the shape and type of a value whose every size is a number. */
export function onesLike(g: GraphBuilder, x: Value): Value {
  const shape = shapeOf(x);
  if (!x.type || !isFloat(x.type) || !isStatic(shape)) return refuse(`"${x.label}" is no scalar`);
  return g.constant(tensorOf(x.type, shape, [1]));
}
