/**
 * Rotary embedding: pairs of elements are turned by angles that grow with the position, whose cosines and sines
 * are given.
 */
import { elementCount } from "@amaas/tensor";
import type { Dimension, Shape } from "../graph.ts";
import { misfit } from "../misfit.ts";
import { generate, type NDArray, numbersOf } from "../ndarray.ts";
import { fallback, operator, optional } from "../operator.ts";
import { mergeShapes, printShape, unknownDimension, type ValueType } from "../shape.ts";
import { want, wantFloat, wantSame } from "./type-classes.ts";

interface Attributes {
  readonly num_heads: number | undefined;
  readonly rotary_embedding_dim: number;
}

interface Layout {
  readonly batch: Dimension;
  readonly length: Dimension;
  /** How many elements a head has, and how many of them are turned. */
  readonly width: Dimension;
  readonly turned: Dimension;
}

function layoutOf(shape: Shape | undefined, attributes: Attributes): Layout {
  const { num_heads, rotary_embedding_dim } = attributes;
  const [batch, length, width] = shape ? placed(shape, num_heads) : ["?", "?", "?"];
  const turned = rotary_embedding_dim === 0 ? width! : rotary_embedding_dim;
  if (typeof turned === "number" && (turned < 0 || turned % 2 !== 0))
    misfit(`${turned} elements of a head cannot be turned in pairs`);
  if (typeof turned === "number" && typeof width === "number" && turned > width)
    misfit(`rotary_embedding_dim is ${turned}, more than the ${width} elements of a head`);
  return { batch: batch!, length: length!, width: width!, turned };
}

/** Batch, length of the sequence, and size of a head. */
function placed(shape: Shape, heads: number | undefined): Shape {
  if (shape.length === 4) return [shape[0]!, shape[2]!, shape[3]!];
  const [batch, length, hidden] = shape;
  if (shape.length !== 3) misfit(`X is ${printShape(shape)}, 3 or 4 axes are wanted`);
  if (!heads || heads < 1) return misfit(`X is ${printShape(shape)}: num_heads is wanted`);
  if (typeof hidden !== "number") return [batch!, length!, unknownDimension];
  if (hidden % heads !== 0) misfit(`${hidden} elements do not fall into ${heads} heads`);
  return [batch!, length!, hidden / heads];
}

function wantAngles(
  { shape }: ValueType,
  { batch, length, turned }: Layout,
  byPosition: boolean,
): void {
  const pairs = typeof turned === "number" ? turned / 2 : unknownDimension;
  mergeShapes(shape, byPosition ? [unknownDimension, pairs] : [batch, length, pairs]);
}

export const rotaryEmbedding = operator({
  inputs: ["X", "cos_cache", "sin_cache", "position_ids?"],
  outputs: ["Y"],
  attributes: {
    interleaved: fallback("int", 0),
    num_heads: optional("int"),
    rotary_embedding_dim: fallback("int", 0),
  },
  infer({ x: [x, cos, sin, positions], attributes }) {
    wantFloat("X", x);
    wantSame(x, cos, sin);
    if (positions) want("INT64", "position_ids", positions);
    const layout = layoutOf(x.shape, attributes);
    wantAngles(cos, layout, positions !== undefined);
    wantAngles(sin, layout, positions !== undefined);
    mergeShapes(cos.shape, sin.shape);
    if (positions) mergeShapes(positions.shape, [layout.batch, layout.length]);
    return [{ type: x.type, shape: x.shape }];
  },
  // Of each pair (a, b): (a cos - b sin, a sin + b cos)
  evaluate({ x: [x, cos, sin, positions], attributes }) {
    const layout = layoutOf(x.shape, attributes);
    const [width, turned] = [Number(layout.width), Number(layout.turned)];
    const pairs = turned / 2;
    const placeOf = placeAt(x.shape, width, Number(layout.length));
    const rows = positions && rowsOf(positions, cos.shape[0]!);
    const data = numbersOf(x);
    const [cosines, sines] = [numbersOf(cos), numbersOf(sin)];
    const isInterleaved = attributes.interleaved === 1;
    const apart = isInterleaved ? 1 : pairs;
    return [
      generate(x.type, x.shape, (at) => {
        const element = at % width;
        if (element >= turned) return data[at]!;
        const pair = isInterleaved ? Math.floor(element / 2) : element % pairs;
        const place = placeOf(at);
        const angle = (rows ? rows[place]! : place) * pairs + pair;
        const isFirst = Math.floor(element / apart) % 2 === 0;
        const other = isFirst ? -data[at + apart]! : data[at - apart]!;
        return data[at]! * cosines[angle]! + other * sines[angle]!;
      }),
    ];
  },
});

/** Where in which sequence an element stands, counted through all of them. */
function placeAt(shape: readonly number[], width: number, length: number): (at: number) => number {
  const sample = elementCount(shape.slice(1));
  const step = shape.length === 4 ? width : shape[2]!;
  return (at) => Math.floor(at / sample) * length + (Math.floor(at / step) % length);
}

function rowsOf(positions: NDArray, count: number): Float64Array {
  const rows = numbersOf(positions);
  for (const row of rows)
    if (row < 0 || row >= count)
      misfit(`position ${row} is outside the ${count} rows of the caches`);
  return rows;
}
