/**
 * Focal loss (Lin and others, 2017, Focal Loss for Dense Object Detection): w_y (1 - p_y)^gamma
 * (-log p_y). Class weights are its alpha.
 */
import type { FocalSpec } from "@amaas/spec";
import { countOf, exponentials, others } from "../classes.ts";
import type { ClassLoss } from "./loss.ts";
import { weighted } from "./weighted.ts";

/** The least normal float32: where 1 - p rounds to 0, slopes of powers below 1 stay finite. */
const least = 2 ** -126;

export const focal: ClassLoss<FocalSpec> = (g, batch, { gamma }) => {
  const { scores, labels, detach } = batch;
  const { shifted, each, sum } = exponentials(g, scores, detach);
  const logLoss = g.sub(g.log(sum), g.gatherElements(shifted, labels, 1));
  // 1 - p_y as the sum of the others: nothing cancels out.
  const wrong = g.reduceSum(g.mul(each, others(g, labels, countOf(scores))), [1]);
  const doubt = g.add(g.div(wrong, sum), g.scalar(least, wrong));
  return weighted(g, g.mul(g.pow(doubt, g.scalar(gamma, doubt)), logLoss), batch);
};
