/**
 * An exponential moving average of the weights (Polyak and Juditsky 1992), beside any optimizer.
 *
 * It is the weights themselves before the first step, and 1 - follow is the decay, or with a warm-up
 * min(decay, (1 + t) / (10 + t)) after t steps. It is the last of the slots, and of no influence on the weights.
 */
import type { AveragingSpec } from "@amaas/spec";
import type { Rule } from "./rule.ts";

/** The very same rule where nothing is to be averaged. */
export function averaged(rule: Rule, averaging: AveragingSpec | undefined): Rule {
  if (!averaging) return rule;
  const { decay, warmup } = averaging;
  const { formulas, numbers } = rule.update;
  return {
    ...rule,
    slots: [...rule.slots, "average"],
    averages: true,
    update: {
      formulas: [...formulas, "w = fround(w)", "average = average + follow * (w - average)"],
      numbers: (scalars, squares) => ({
        ...numbers(scalars, squares),
        follow: 1 - (warmup ? Math.min(decay, (1 + scalars.step) / (10 + scalars.step)) : decay),
      }),
    },
  };
}
