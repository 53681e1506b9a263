/**
 * What Attention has where: heads in an axis of their own, or side by side in the last of three axes, and keys and
 * values that came before in front of the new ones.
 */
import type { Dimension, Shape } from "../graph.ts";
import { misfit } from "../misfit.ts";
import { generate, type NDArray, numbersOf, stridedPositions, take } from "../ndarray.ts";
import {
  mergeDimensions,
  mergeShapes,
  printShape,
  productOf,
  unknownDimension,
  type ValueType,
} from "../shape.ts";

export interface Heads {
  readonly q_num_heads: number | undefined;
  readonly kv_num_heads: number | undefined;
}

/** The shapes of the outputs, of which those of all heads are [batch, heads, rows, columns]. */
export interface AttentionShapes {
  /** Undefined where it is not known whether the heads have an axis of their own. */
  readonly y: Shape | undefined;
  readonly presentKey: Shape;
  readonly presentValue: Shape;
  /** One number for each query and key of each head. */
  readonly scores: Shape;
}

type Inputs = readonly (ValueType | undefined)[];

/** The shapes of all outputs; refuses inputs that do not agree in a size. */
export function attentionShapes(
  [q, k, v, , pastKey, pastValue]: Inputs,
  { q_num_heads, kv_num_heads }: Heads,
): AttentionShapes {
  if (!pastKey !== !pastValue)
    misfit("past_key and past_value are wanted together, and one of them is missing");
  const rank = q?.shape?.length ?? k?.shape?.length ?? v?.shape?.length;
  const query = headed("Q", q?.shape, rank, q_num_heads);
  const key = headed("K", k?.shape, rank, kv_num_heads);
  const value = headed("V", v?.shape, rank, kv_num_heads);
  const before = pastKey ? pastLength(pastKey.shape, pastValue?.shape) : 0;
  const keys = total(before, mergeDimensions(key[2]!, value[2]!));
  const keyHeads = mergeDimensions(key[1]!, value[1]!);
  const batch = mergeDimensions(query[0]!, mergeDimensions(key[0]!, value[0]!));
  const width = mergeDimensions(query[3]!, key[3]!);
  wantGroups(query[1]!, keyHeads);
  mergeShapes(pastKey?.shape, [batch, keyHeads, before, width]);
  mergeShapes(pastValue?.shape, [batch, keyHeads, before, value[3]!]);
  const [, heads, queries] = query as readonly [Dimension, Dimension, Dimension];
  const merged: Shape = [batch, queries, productOf([heads, value[3]!])];
  return {
    y: rank === undefined ? undefined : rank === 3 ? merged : [batch, heads, queries, value[3]!],
    presentKey: [batch, keyHeads, keys, width],
    presentValue: [batch, keyHeads, keys, value[3]!],
    scores: [batch, heads, queries, keys],
  };
}

/** [batch, heads, length, width], whichever way the heads lie. */
function headed(
  name: string,
  shape: Shape | undefined,
  rank: number | undefined,
  heads: number | undefined,
): Shape {
  const known: Shape = ["?", heads ?? "?", "?", "?"];
  if (!shape) return known;
  if ((rank !== 3 && rank !== 4) || shape.length !== rank)
    misfit(`${name} is ${printShape(shape)}; Q, K and V with 3 axes each or with 4 are wanted`);
  if (rank === 4) return mergeShapes(shape, known)!;
  const count = heads ?? misfit(`${name} is ${printShape(shape)}: say how many heads that are`);
  return [shape[0]!, count, shape[1]!, shareOf(shape[2]!, count)];
}

function shareOf(hidden: Dimension, heads: number): Dimension {
  if (heads < 1 || (typeof hidden === "number" && hidden % heads !== 0))
    misfit(`${hidden} elements do not fall into ${heads} heads`);
  return typeof hidden === "number" ? hidden / heads : unknownDimension;
}

function pastLength(key: Shape | undefined, value: Shape | undefined): Dimension {
  return mergeDimensions(key?.[2] ?? unknownDimension, value?.[2] ?? unknownDimension);
}

function total(before: Dimension, more: Dimension): Dimension {
  if (before === 0) return more;
  return typeof before === "number" && typeof more === "number" ? before + more : unknownDimension;
}

function wantGroups(heads: Dimension, keyHeads: Dimension): void {
  if (typeof heads !== "number" || typeof keyHeads !== "number") return;
  if (heads % keyHeads !== 0)
    misfit(`${heads} heads of queries cannot share ${keyHeads} heads of keys evenly`);
}

/** An array with an axis of heads. */
export function byHead(x: NDArray, heads: number | undefined): NDArray {
  if (x.shape.length === 4) return x;
  const [batch, length, hidden] = x.shape as [number, number, number];
  const count = heads!;
  const width = hidden / count;
  const shape = [batch, count, length, width];
  return take(x, shape, stridedPositions(shape, [length * hidden, width, hidden, 1]));
}

/** An array with its heads side by side. */
export function sideBySide(x: NDArray): NDArray {
  const [batch, heads, length, width] = x.shape as [number, number, number, number];
  const positions = stridedPositions(
    [batch, length, heads, width],
    [heads * length * width, width, length * width, 1],
  );
  return take(x, [batch, length, heads * width], positions);
}

/** What is new behind what came before, head by head. */
export function behind(past: NDArray | undefined, x: NDArray): NDArray {
  if (!past) return x;
  const [batch, heads, more, width] = x.shape as [number, number, number, number];
  const [first, second] = [past.shape[2]! * width, more * width];
  const [before, after] = [numbersOf(past), numbersOf(x)];
  return generate(x.type, [batch, heads, past.shape[2]! + more, width], (at) => {
    const matrix = Math.floor(at / (first + second));
    const place = at % (first + second);
    return place < first
      ? before[matrix * first + place]!
      : after[matrix * second + place - first]!;
  });
}
