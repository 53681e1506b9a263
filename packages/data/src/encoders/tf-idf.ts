/**
 * A text by the words and runs of words in it: how often each occurs, times log((1 + texts) / (1 + texts that
 * have it)) + 1, all over their Euclidean length (Salton and Buckley, 1988; scikit-learn's TfidfVectorizer has
 * the same defaults). A text without any, or that is missing, is all 0.
 */
import type { GraphBuilder, Value } from "@amaas/graph";
import type { TfIdfSpec } from "@amaas/spec";
import { faultyData } from "../limits.ts";
import type { TextEncoder } from "./encoder.ts";
import { logarithm } from "./logarithm.ts";
import { documentCounts, mostFrequent, wordsIn, wordsOf } from "./words.ts";

export const tfIdf: TextEncoder<TfIdfSpec> = ({ g, name, value, data, spec }) => {
  const counts = documentCounts(lists(data, spec.nGrams));
  const terms = mostFrequent(counts, spec.terms).sort(byLength);
  if (terms.length === 0)
    throw faultyData("data.columns", `column ${JSON.stringify(name)} has no word in two texts`);
  const pool = terms.map((term) => term.split(" "));
  const weights = terms.map((term) =>
    Math.fround(logarithm((1 + data.length) / (1 + counts.get(term)!)) + 1),
  );
  const counted = g.node("TfIdfVectorizer", [wordsIn(g, value, spec.nGrams)], {
    mode: "TFIDF",
    min_gram_length: 1,
    max_gram_length: spec.nGrams,
    max_skip_count: 0,
    pool_strings: pool.flat(),
    ngram_counts: startsOf(pool, spec.nGrams),
    ngram_indexes: terms.map((_, index) => index),
    weights,
  });
  const names = terms.map((term) => `${name}~${term}`);
  return [{ value: unitLength(g, counted, terms.length), names }];
};

function* lists(data: readonly string[], longest: number): Generator<Iterable<string>> {
  for (const text of data) yield runsOf(wordsOf(text), longest);
}

function* runsOf(words: readonly string[], longest: number): Generator<string> {
  for (let at = 0; at < words.length; at++)
    for (let length = 1; length <= longest && at + length <= words.length; length++)
      yield words.slice(at, at + length).join(" ");
}

/** Single words first, as the pool wants it. */
function byLength(a: string, b: string): number {
  return a.split(" ").length - b.split(" ").length || (a < b ? -1 : 1);
}

/** Where the runs of each length begin in the pool. */
function startsOf(pool: readonly (readonly string[])[], longest: number): number[] {
  return Array.from({ length: longest }, (_, index) =>
    pool.reduce((sum, { length }) => sum + (length <= index ? length : 0), 0),
  );
}

/** Over its Euclidean length, row by row; the squares are added in a tree of halves, each an addition of arrays. */
function unitLength(g: GraphBuilder, x: Value, width: number): Value {
  let size = 1;
  while (size < width) size *= 2;
  let sum = g.node("Pad", [g.mul(x, x), g.ints([0, 0, 0, size - width])]);
  for (; size > 1; size /= 2) {
    const [left, right] = g.split(sum, [size / 2, size / 2], 1);
    sum = g.add(left!, right!);
  }
  const zero = g.scalar(0, sum);
  return g.div(x, g.where(g.greater(sum, zero), g.sqrt(sum), g.scalar(1, sum)));
}
