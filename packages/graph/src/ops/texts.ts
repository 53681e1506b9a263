/** Operators on text: letters made small, texts joined and matched, n-grams counted. */
import { misfit } from "../misfit.ts";
import { broadcastTo, type NDArray, ndarray } from "../ndarray.ts";
import { fallback, operator, optional, required } from "../operator.ts";
import { broadcastShapes, printShape, staticShape, unknownDimension } from "../shape.ts";
import { countTerms, pooled, termsWidth } from "./n-grams.ts";
import { want } from "./type-classes.ts";

/** The texts of an array; refuses numbers. */
export function textsOf(x: NDArray): readonly string[] {
  return x.data instanceof Float64Array ? misfit(`${x.type} is no text`) : x.data;
}

/** Letter by letter, whatever stands around it, as C's towlower has it. */
export function lowerCase(text: string): string {
  return Array.from(text, (letter) => first(letter.toLowerCase())).join("");
}

function upperCase(text: string): string {
  return Array.from(text, (letter) => {
    const upper = [...letter.toUpperCase()];
    return upper.length === 1 ? upper[0]! : letter;
  }).join("");
}

const first = (text: string) => String.fromCodePoint(text.codePointAt(0)!);

const changes: Readonly<Record<string, (text: string) => string>> = {
  NONE: (text) => text,
  LOWER: lowerCase,
  UPPER: upperCase,
};

export const texts = {
  StringNormalizer: operator({
    inputs: ["X"],
    outputs: ["Y"],
    attributes: {
      case_change_action: fallback("string", "NONE"),
      is_case_sensitive: fallback("int", 0),
      locale: optional("string"),
      stopwords: fallback("strings", []),
    },
    infer({ x: [x], attributes: { case_change_action, stopwords } }) {
      want("BYTES", "X", x);
      if (!Object.hasOwn(changes, case_change_action))
        misfit(`case_change_action is ${case_change_action}, NONE, LOWER or UPPER is wanted`);
      const [lines = 1] = x.shape ?? [];
      const rank = x.shape?.length ?? 1;
      if (rank !== 1 && !(rank === 2 && (typeof lines === "string" || lines === 1)))
        misfit(`X is ${printShape(x.shape)}, [texts] or [1, texts] is wanted`);
      // Words that are left out leave no place behind.
      const shape = stopwords.length === 0 ? x.shape : x.shape?.with(-1, unknownDimension);
      return [{ type: "BYTES", shape }];
    },
    evaluate({ x: [x], attributes: { case_change_action, is_case_sensitive, stopwords } }) {
      const folded = is_case_sensitive === 1 ? (text: string) => text : lowerCase;
      const stops = new Set(stopwords.map(folded));
      const kept = textsOf(x).filter((text) => !stops.has(folded(text)));
      const changed = kept.map(changes[case_change_action]!);
      const found = changed.length === 0 ? [""] : changed;
      return [ndarray("BYTES", x.shape.with(-1, found.length), found)];
    },
  }),

  StringConcat: operator({
    inputs: ["X", "Y"],
    outputs: ["Z"],
    attributes: {},
    infer({ x: [x, y] }) {
      want("BYTES", "X", x);
      want("BYTES", "Y", y);
      return [{ type: "BYTES", shape: broadcastShapes(x.shape, y.shape) }];
    },
    evaluate({ x: [x, y], y: [z] }) {
      const shape = staticShape(z);
      const [left, right] = [x, y].map((part) => textsOf(broadcastTo(part, shape)));
      return [
        ndarray(
          "BYTES",
          shape,
          left!.map((text, index) => text + right![index]!),
        ),
      ];
    },
  }),

  RegexFullMatch: operator({
    inputs: ["X"],
    outputs: ["Y"],
    attributes: { pattern: required("string") },
    infer({ x: [x] }) {
      want("BYTES", "X", x);
      return [{ type: "BOOL", shape: x.shape }];
    },
    evaluate({ x: [x], attributes: { pattern } }) {
      const whole = new RegExp(`^(?:${pattern})$`, "u");
      return [
        ndarray(
          "BOOL",
          x.shape,
          textsOf(x).map((text) => Number(whole.test(text))),
        ),
      ];
    },
  }),

  TfIdfVectorizer: operator({
    inputs: ["X"],
    outputs: ["Y"],
    attributes: {
      max_gram_length: required("int"),
      max_skip_count: required("int"),
      min_gram_length: required("int"),
      mode: required("string"),
      ngram_counts: required("ints"),
      ngram_indexes: required("ints"),
      pool_int64s: optional("ints"),
      pool_strings: optional("strings"),
      weights: optional("floats"),
    },
    infer({ x: [x], attributes }) {
      if (!["TF", "IDF", "TFIDF"].includes(attributes.mode))
        misfit(`mode is ${attributes.mode}, TF, IDF or TFIDF is wanted`);
      if (x.shape && x.shape.length !== 1 && x.shape.length !== 2)
        misfit(`X has ${x.shape.length} axes, [words] or [rows, words] is wanted`);
      pooled(attributes, x.type);
      const width = termsWidth(attributes);
      return [{ type: "FP32", shape: x.shape && [...x.shape.slice(0, -1), width] }];
    },
    evaluate: ({ x: [x], attributes }) => [countTerms(x, attributes)],
  }),
};
