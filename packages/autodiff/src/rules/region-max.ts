/** The largest of what each cell of a region sees of an image. */
import type { GraphBuilder, Value } from "@amaas/graph";
import { type Size, sizeAt, vectorOf } from "../sizes.ts";

/** What there is to see along one axis. */
export interface Seen {
  /** [regions, cells, elements], as whole numbers. */
  readonly at: Value;
  /** Which of them count, in a shape that broadcasts to that of `at`; undefined: all. */
  readonly counted: Value | undefined;
  /** How much of each is seen; undefined: all of it. */
  readonly shares?: Value;
}

/** [regions, C, cells, cells]; 0 where a cell sees nothing. `image` is that of each region: [regions, 1, 1]. */
export function largestSeen(
  g: GraphBuilder,
  x: Value,
  image: Value,
  [down, across]: readonly [Seen, Seen],
): Value {
  const pixels = g.reshape(g.transpose(x, [0, 2, 3, 1]), vectorOf(g, [-1, sizeAt(g, x, 1)]));
  const rows = g.add(g.mul(image, wholeSize(g, sizeAt(g, x, 2))), down.at);
  const starts = g.mul(rows, wholeSize(g, sizeAt(g, x, 3)));
  const values = g.gather(pixels, grid(g, [starts, across.at], g.add)!);
  const shares = grid(g, [down.shares, across.shares], g.mul);
  const seen = shares ? g.mul(values, g.unsqueeze(shares, [5])) : values;
  const counted = grid(g, [down.counted, across.counted], g.and);
  const nothing = g.scalar(Number.NEGATIVE_INFINITY, x);
  const left = counted ? g.where(g.unsqueeze(counted, [5]), seen, nothing) : seen;
  const largest = g.reduceMax(left, [3, 4], { keepdims: false });
  const found = g.where(g.equal(largest, nothing), g.scalar(0, x), largest);
  return g.transpose(found, [0, 3, 1, 2]);
}

/** What there is along both axes put together: [regions, cells, cells, elements, elements]. */
function grid(
  g: GraphBuilder,
  [down, across]: readonly [Value | undefined, Value | undefined],
  combine: (a: Value, b: Value) => Value,
): Value | undefined {
  if (!down || !across) return undefined;
  return combine(g.unsqueeze(down, [2, 4]), g.unsqueeze(across, [1, 3]));
}

function wholeSize(g: GraphBuilder, size: Size): Value {
  return typeof size === "number" ? g.scalar(size, "INT64") : size;
}
