/**
 * Softmax cross-entropy, of which sigmoid cross-entropy is the case of two classes.
 *
 * With label y, weights w, C classes and smoothing s (Szegedy and others, 2016), as PyTorch has it:
 * (1 - s) w_y (-log p_y) + s / C sum_c w_c (-log p_c).
 */
import type { CrossEntropySpec } from "@amaas/spec";
import { countOf, exponentials } from "../classes.ts";
import type { ClassLoss } from "./loss.ts";
import { weighted } from "./weighted.ts";

export const crossEntropy: ClassLoss<CrossEntropySpec> = (g, batch, { labelSmoothing }) => {
  const { scores, labels, weights, detach } = batch;
  const { shifted, sum } = exponentials(g, scores, detach);
  const logSum = g.log(sum);
  const right = weighted(g, g.sub(logSum, g.gatherElements(shifted, labels, 1)), batch);
  if (labelSmoothing === 0) return right;
  const each = g.sub(logSum, shifted);
  const all = g.reduceSum(weights ? g.mul(each, weights) : each, [1]);
  return g.add(
    g.mul(right, g.scalar(1 - labelSmoothing, right)),
    g.mul(all, g.scalar(labelSmoothing / countOf(scores), all)),
  );
};
