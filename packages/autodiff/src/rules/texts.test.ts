import { type GraphBuilder, ndarray, toTensor, type Value } from "@amaas/graph";
import { judge, positive } from "./judge.fixture.ts";
import { texts } from "./texts.ts";

const word = (g: GraphBuilder, text: string) => g.constant(toTensor(ndarray("BYTES", [], [text])));

/** A text that follows from a number by a step. */
const worded = (g: GraphBuilder, x: Value) =>
  g.where(positive(g, x), word(g, "Yes"), word(g, "No"));

const words = (g: GraphBuilder, x: Value) => g.reshape(worded(g, x), [-1]);

judge(texts, {
  StringNormalizer: (g, x) =>
    g.equal(
      g.node("StringNormalizer", [words(g, x)], { case_change_action: "LOWER", locale: "C.UTF-8" }),
      word(g, "yes"),
    ),
  StringConcat: (g, x) =>
    g.equal(g.node("StringConcat", [worded(g, x), word(g, "!")]), word(g, "No!")),
  RegexFullMatch: (g, x) => g.node("RegexFullMatch", [worded(g, x)], { pattern: "Y.*" }),
  TfIdfVectorizer: (g, x) =>
    g.node("TfIdfVectorizer", [words(g, x)], {
      mode: "TF",
      min_gram_length: 1,
      max_gram_length: 1,
      max_skip_count: 0,
      pool_strings: ["Yes", "No"],
      ngram_counts: [0],
      ngram_indexes: [0, 1],
    }),
});
