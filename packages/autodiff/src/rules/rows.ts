/**
 * Sums of rows: the way back from picking rows of a table. Never by ScatterND, which loses updates of one place
 * when the engine has several threads; ScatterElements adds in the order of the indices.
 */
import { type GraphBuilder, tensorOf, type Value } from "@amaas/graph";
import { type Size, times, vectorOf, zeros } from "../sizes.ts";

/** A table of `count` rows of `width` elements. */
export interface Table {
  readonly count: Size;
  readonly width: Size;
}

/**
 * The table in which each row is the sum of those rows of `d` whose id says so; flat where that is what the engine
 * makes. Ids may be negative, and there are as many of them as `d` has rows.
 */
export function sumRows(g: GraphBuilder, { count, width }: Table, ids: Value, d: Value): Value {
  if (typeof count === "number" && typeof width === "number" && isSmall(count, width))
    return productWithMarks(g, count, width, ids, d);
  const flat = zeros(g, [times(g, count, width)], d);
  const positions = rowPositions(g, ids.type === "INT64" ? ids : g.cast(ids, "INT64"), width);
  return g.scatterElements(flat, positions, g.reshape(d, [-1]), { reduction: "add" });
}

/** Where each element of the rows stands in the flat table, one after another. */
export function rowPositions(g: GraphBuilder, ids: Value, width: Size): Value {
  if (width === 1) return g.reshape(ids, [-1]);
  const length = vectorOf(g, [width]);
  const starts = g.mul(g.reshape(ids, [-1, 1]), length);
  return g.reshape(g.add(starts, countTo(g, length)), [-1]);
}

/** 0, 1, 2, ... as many as a vector of one size says. */
export function countTo(g: GraphBuilder, length: Value): Value {
  const [zero, one] = [g.scalar(0, "INT64"), g.scalar(1, "INT64")];
  return g.node("Range", [zero, g.squeeze(length, [0]), one]);
}

/**
 * Whether a product with a matrix of zeros and ones is the cheaper form. For each id that costs about 1.5 ns for
 * each mark and 0.04 ns for each product, against 5 ns for each element that is scattered. (1024 ids, rows of 768:
 * 0.25 ms for a table of 2, 2.0 ms scattered; at 2048 ids, rows of 64, a table of 128 both take the same.)
 */
function isSmall(count: number, width: number): boolean {
  return count > 0 && count * (40 + width) < 120 * width;
}

function productWithMarks(
  g: GraphBuilder,
  count: number,
  width: number,
  ids: Value,
  d: Value,
): Value {
  const type = ids.type === "INT32" ? "INT32" : "INT64";
  const names = g.constant(tensorOf(type, [count, 1], [...Array(count).keys()]));
  // Of a negative number, Mod is what it means as an index.
  const row = g.node("Mod", [g.reshape(ids, [1, -1]), g.scalar(count, type)]);
  const marks = g.cast(g.equal(names, row), d.type!);
  return g.gemm(marks, g.reshape(d, [-1, width]));
}
