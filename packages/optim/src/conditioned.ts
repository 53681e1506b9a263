/**
 * What is done to a gradient before a rule takes it: divided by the number of samples (scale is 1 / samples), each
 * element clipped to a most, an L1 penalty added.
 *
 * Where there is more than the division, the outcome is rounded to float32.
 */
import type { GradientSpec } from "@amaas/spec";
import type { Phase, Rule } from "./rule.ts";

export function conditioned(rule: Rule, { l1, clipValue: most }: GradientSpec): Rule {
  const clipping = ["g = most < g ? most : g", "g = g < -most ? -most : g"];
  const formulas = [
    "g = gradient * scale",
    ...(most === undefined ? [] : clipping),
    ...(most === undefined && l1 === 0 ? [] : ["g = fround(g + penalty * sign(w))"]),
  ];
  const before = (phase: Phase): Phase => ({
    formulas: [...formulas, ...phase.formulas],
    numbers: (scalars, squares) => ({
      ...phase.numbers(scalars, squares),
      penalty: l1,
      ...(most !== undefined && { most }),
    }),
  });
  return rule.direct
    ? { ...rule, direct: before(rule.direct) }
    : { ...rule, update: before(rule.update) };
}
