/**
 * A text as the ids of its first words, for a network that reads them in order: 2, 3, … for the most frequent
 * words of the training rows, 1 for others, 0 after the last. A missing text is all 0.
 */
import type { TokensSpec } from "@amaas/spec";
import { labelled } from "./codes.ts";
import type { TextEncoder } from "./encoder.ts";
import { documentCounts, mostFrequent, wordsIn, wordsOf } from "./words.ts";

const reserved = ["", "<unknown>"];

export const tokens: TextEncoder<TokensSpec> = ({ g, name, value, data, spec }) => {
  const counts = documentCounts(data.map(wordsOf));
  const known = mostFrequent(counts, spec.vocabulary - reserved.length);
  const ids = new Map([
    ["", 0],
    ...known.map((word, place): [string, number] => [word, place + 2]),
  ]);
  const numbered = labelled(g, wordsIn(g, value, spec.words), ids, 1);
  const first = g.node("Slice", [numbered, g.ints([0]), g.ints([spec.words]), g.ints([1])]);
  return [
    {
      value: g.cast(first, "FP32"),
      names: Array.from({ length: spec.words }, (_, index) => `${name}[${index}]`),
      tokens: [...reserved, ...known],
    },
  ];
};
