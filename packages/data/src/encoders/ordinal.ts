/**
 * A text as one number, by its place in an order: from just above 0 for the first to 1 for the last; 0 where
 * it is missing or not in the order.
 */
import type { OrdinalSpec } from "@amaas/spec";
import { defaultLimits } from "../limits.ts";
import { codesOf, distinctTexts } from "./codes.ts";
import { floats } from "./constants.ts";
import type { TextEncoder } from "./encoder.ts";

export const ordinal: TextEncoder<OrdinalSpec> = ({ g, name, value, data, spec }) => {
  const order = spec.order ?? distinctTexts(name, data, defaultLimits.features);
  const { value: code } = codesOf(g, value, data, order);
  const share = g.div(g.cast(code, "FP32"), floats(g, [Math.max(1, order.length)]));
  return [{ value: share, names: [name] }];
};
