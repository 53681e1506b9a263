/** Gradient rules for operators on text, which does not vary smoothly. */
import type { Rules } from "../rule.ts";
import { zero1, zero2 } from "./zero.ts";

export const texts = {
  StringNormalizer: zero1,
  StringConcat: zero2,
  RegexFullMatch: zero1,
  TfIdfVectorizer: zero1,
} satisfies Rules<"StringNormalizer" | "StringConcat" | "RegexFullMatch" | "TfIdfVectorizer">;
