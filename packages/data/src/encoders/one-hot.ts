/** A flag for each text of the training rows, and one for missing if that occurred. Others set none. */
import type { OneHotSpec } from "@amaas/spec";
import { defaultLimits } from "../limits.ts";
import { distinctTexts } from "./codes.ts";
import { missingFlag, missingText, texts } from "./constants.ts";
import type { Part, TextEncoder } from "./encoder.ts";

export const oneHot: TextEncoder<OneHotSpec> = ({ g, name, value, data }) => {
  const categories = distinctTexts(name, data, defaultLimits.categories);
  const parts: Part[] = [];
  if (categories.length > 0)
    parts.push({
      value: g.cast(g.equal(value, texts(g, categories)), "FP32"),
      names: categories.map((text) => `${name}=${text}`),
    });
  if (data.includes("")) parts.push(missingFlag(name, missingText(g, value)));
  return parts;
};
