/**
 * What is done to a gradient before a rule takes it: divided by the number of samples (scale is 1 / samples), each
 * element clipped to a most, an L1 penalty added.
 *
 * Where there is more than the division, the outcome is rounded to float32.
 *
 * The penalty is l1 sign(w), computed as huge w between -l1 and l1: the same bits, since no float32 but 0 is less
 * than l1 / huge, in fewer instructions than it takes to find a sign.
 */
import type { GradientSpec } from "@amaas/spec";
import type { Phase, Rule } from "./rule.ts";

/** Times any float32 but 0 it is more than a penalty may be. */
const huge = 2 ** 1000;

export function conditioned(rule: Rule, { l1, clipValue: most }: GradientSpec): Rule {
  const clipping = ["g = most < g ? most : g", "g = g < -most ? -most : g"];
  const penalized = [
    "pull = huge * w",
    "pull = penalty < pull ? penalty : pull",
    "pull = pull < -penalty ? -penalty : pull",
    "g = fround(g + pull)",
  ];
  const formulas = [
    "g = gradient * scale",
    ...(most === undefined ? [] : clipping),
    ...(most === undefined && l1 === 0 ? [] : penalized),
  ];
  const before = (phase: Phase): Phase => ({
    formulas: [...formulas, ...phase.formulas],
    numbers: (scalars, squares) => ({
      ...phase.numbers(scalars, squares),
      penalty: l1,
      huge,
      ...(most !== undefined && { most }),
    }),
  });
  return rule.direct
    ? { ...rule, direct: before(rule.direct) }
    : { ...rule, update: before(rule.update) };
}
