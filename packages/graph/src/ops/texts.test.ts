import { describe, expect, test } from "vitest";
import { compareKernels, i64, text } from "./kernels.fixture.ts";
import { lowerCase, texts } from "./texts.ts";

const line = text([4], ["İstanbul ΣΑΣ", "", "Äß", "the"]);
const locale = "C.UTF-8";
const rows = text([2, 4], ["a", "b", "a", "c", "b", "c", "", ""]);
const pool = {
  max_gram_length: 2,
  min_gram_length: 1,
  max_skip_count: 0,
  // a, c; then a b, b c, c (blank).
  pool_strings: ["a", "c", "a", "b", "b", "c", "c", ""],
  ngram_counts: [0, 2],
  ngram_indexes: [0, 4, 1, 3, 2],
};

compareKernels(texts, [
  { op: "StringNormalizer", inputs: [line], attributes: { case_change_action: "LOWER", locale } },
  {
    op: "StringNormalizer",
    inputs: [text([3], ["The", "end", "THE"])],
    attributes: { case_change_action: "UPPER", stopwords: ["the"], locale },
  },
  { op: "StringConcat", inputs: [text([2, 1], ["a", "ü"]), text([3], ["", "-", " x"])] },
  { op: "RegexFullMatch", inputs: [line], attributes: { pattern: "[a-z]*" } },
  {
    op: "RegexFullMatch",
    inputs: [text([2], ["12-3", "12-"])],
    attributes: { pattern: "\\d+-\\d" },
  },
  { op: "TfIdfVectorizer", inputs: [rows], attributes: { ...pool, mode: "TF" } },
  {
    op: "TfIdfVectorizer",
    inputs: [rows],
    attributes: { ...pool, mode: "TFIDF", weights: [1.5, 2, 3, 4, 5] },
  },
  {
    op: "TfIdfVectorizer",
    inputs: [text([3], ["a", "b", "c"])],
    attributes: { ...pool, mode: "IDF", weights: [1.5, 2, 3, 4, 5] },
  },
  {
    op: "TfIdfVectorizer",
    inputs: [i64([2, 5], [1, 2, 3, 1, 2, 3, 3, 3, 2, 1])],
    attributes: {
      mode: "TF",
      max_gram_length: 2,
      min_gram_length: 2,
      max_skip_count: 1,
      pool_int64s: [1, 2, 1, 3, 3, 1],
      ngram_counts: [0, 0],
      ngram_indexes: [0, 1, 2],
    },
  },
]);

describe("small letters", () => {
  test("are found one by one, whatever stands around them", () => {
    expect(lowerCase("İstanbul ΣΑΣ Äß 𐐀")).toBe("istanbul σασ äß 𐐨");
  });
});
