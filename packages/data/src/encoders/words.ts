/** The words of a text: runs of letters and digits, in small letters; the same ones by graph and here. */
import { contribDomain, type GraphBuilder, lowerCase, type Value } from "@amaas/graph";
import { texts } from "./constants.ts";

const word = "[\\p{L}\\p{N}]+";
const words = new RegExp(word, "gu");

export function wordsOf(text: string): string[] {
  return Array.from(lowerCase(text).matchAll(words), ([found]) => found);
}

/** BYTES [rows, words + blanks], of BYTES [rows, 1]; "" after the last word of a row, and in every last column. */
export function wordsIn(g: GraphBuilder, value: Value, blanks: number): Value {
  const small = g.node("StringNormalizer", [g.reshape(value, [-1])], {
    case_change_action: "LOWER",
    // Of the machine itself, not of a language that might not be installed.
    locale: "C.UTF-8",
  });
  const found = g.node(
    "Tokenizer",
    [g.reshape(small, [-1, 1])],
    { mark: 0, mincharnum: 1, pad_value: "", tokenexp: word },
    { domain: contribDomain },
  );
  const never = g.not(g.equal(value, value));
  const blank = g.where(never, value, texts(g, Array(blanks).fill("")));
  return g.concat([g.squeeze(found, [1]), blank], 1);
}

/** Different things that are counted at once; more would not fit into memory. */
const mostCounted = 1 << 22;

/**
 * How many texts have each thing, of things that are listed for each text. Where there are too many different
 * ones, those that one text had so far are forgotten, as in lossy counting (Manku and Motwani, 2002).
 */
export function documentCounts(
  lists: Iterable<Iterable<string>>,
  most = mostCounted,
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const list of lists) {
    for (const each of new Set(list)) counts.set(each, (counts.get(each) ?? 0) + 1);
    if (counts.size <= most) continue;
    for (const [each, count] of counts) if (count === 1) counts.delete(each);
  }
  return counts;
}

/** Those that most texts have, and at least two; of equally many the first by code units. */
export function mostFrequent(counts: ReadonlyMap<string, number>, most: number): string[] {
  return [...counts]
    .filter(([, count]) => count >= 2)
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, most)
    .map(([each]) => each);
}
