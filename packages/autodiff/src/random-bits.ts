/**
 * Random bits made by the graph itself, of standard operators on 32-bit integers, which every runtime computes
 * alike. They have no state: each is a pure function of the key that the graph is fed, the node that uses it, and
 * the place of the element, so that any process gets the same ones, however often and in whatever order it runs.
 *
 * What is done to a word, v(2v + k), then v ^ (v >> 16), then v(2v + k) again, modulo 2^32 and with an odd k, loses
 * nothing and leaves every bit of v and k in the upper bits. It is for masks, not for secrets; it was chosen
 * because the engine multiplies and adds whole vectors at once, and shifts and xors one word at a time.
 */
import { type GraphBuilder, sizeOf, tensorOf, type Value } from "@amaas/graph";
import { hashKey } from "@amaas/random";
import { shapeOf, sizes } from "./sizes.ts";

/** Where elements start and how they are stirred: two words, the second odd. */
export type Words = readonly [start: Value, stir: Value];

/** The golden ratio as a fraction of 2^32, odd: neighbours land far from each other. */
const golden = 0x9e3779b9;

/** The key with every bit of it in both words, so that keys which differ little give bits that differ throughout. */
export function mixKey(g: GraphBuilder, key: Value): Value {
  const first = scramble(g, g.add(key, words(g, [golden, 0xbb67ae85])), words(g, [1, 3]));
  const crossed = g.gather(first, g.ints([1, 0]));
  return scramble(g, g.add(first, g.add(crossed, crossed)), words(g, [5, 7]));
}

/** What a node adds to the key, by what it is called. */
export function wordsFor(g: GraphBuilder, mixed: Value, ...name: readonly string[]): Words {
  const [a, b] = hashKey("dropout", ...name);
  const [start, stir] = g.split(g.add(mixed, words(g, [a, b])), [1, 1]);
  const one = g.scalar(1, "UINT32");
  return [start!, g.node("BitwiseOr", [stir!, one])];
}

/**
 * A word for each element of `x`, in rows along its last axis. The places are counted by adding those of rows and
 * columns, which are few.
 */
export function bitsFor(g: GraphBuilder, [start, stir]: Words, x: Value): Value {
  const lead = sizeOf(shapeOf(x).slice(0, -1));
  const width = shapeOf(x).length === 0 ? g.ints([1]) : sizes(g, x, -1);
  const height = lead === undefined ? g.node("ReduceProd", [sizes(g, x, 0, -1)]) : g.ints([lead]);
  const step = g.scalar(golden, "UINT32");
  const stride = g.mul(g.cast(width, "UINT32"), step);
  const rows = g.add(g.mul(g.unsqueeze(count(g, height), [1]), stride), start);
  const columns = g.mul(count(g, width), step);
  const place = g.add(rows, columns);
  const twice = g.add(g.add(g.add(rows, rows), stir), g.add(columns, columns));
  const once = shifted(g, g.mul(place, twice));
  return g.mul(once, g.add(g.add(once, once), stir));
}

/** UINT32 words of this shape for whoever else draws, by a key UINT32[2] and what they are for. Upper bits are the better. */
export function drawWords(
  g: GraphBuilder,
  key: Value,
  shape: readonly number[],
  ...purpose: readonly string[]
): Value {
  const places = g.expand(g.scalar(0, "UINT32"), shape);
  return g.reshape(bitsFor(g, wordsFor(g, mixKey(g, key), ...purpose), places), shape);
}

/** v(2v + k), v ^ (v >> 16), v(2v + k) */
function scramble(g: GraphBuilder, v: Value, k: Value): Value {
  const once = shifted(g, g.mul(v, g.add(g.add(v, v), k)));
  return g.mul(once, g.add(g.add(once, once), k));
}

function shifted(g: GraphBuilder, v: Value): Value {
  const upper = g.node("BitShift", [v, g.scalar(16, "UINT32")], { direction: "RIGHT" });
  return g.node("BitwiseXor", [v, upper]);
}

/** 0, 1, 2, … as words. */
function count(g: GraphBuilder, length: Value): Value {
  const limit = g.squeeze(length, [0]);
  const numbers = g.node("Range", [g.scalar(0, "INT64"), limit, g.scalar(1, "INT64")]);
  return g.cast(numbers, "UINT32");
}

function words(g: GraphBuilder, values: readonly [number, number]): Value {
  return g.constant(tensorOf("UINT32", [2], values));
}
