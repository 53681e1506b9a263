/**
 * A text as an id, for an embedding: 1, 2, … for the texts of the training rows in their order, 0 where it is
 * missing or another one.
 */
import type { CategorySpec } from "@amaas/spec";
import { defaultLimits } from "../limits.ts";
import { codesOf, distinctTexts } from "./codes.ts";
import type { TextEncoder } from "./encoder.ts";

export const category: TextEncoder<CategorySpec> = ({ g, name, value, data }) => {
  const codes = codesOf(g, value, data, distinctTexts(name, data, defaultLimits.features));
  return [{ value: g.cast(codes.value, "FP32"), names: [name], ids: codes.size }];
};
