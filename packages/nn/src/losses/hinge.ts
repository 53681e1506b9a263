/**
 * Hinge over several classes (Weston and Watkins, 1999), as PyTorch's multi-margin loss:
 * w_y / C sum_{c != y} max(0, margin - z_y + z_c)^power.
 */
import type { HingeSpec } from "@amaas/spec";
import { countOf, others } from "../classes.ts";
import type { ClassLoss } from "./loss.ts";
import { weighted } from "./weighted.ts";

export const hinge: ClassLoss<HingeSpec> = (g, batch, { margin, power }) => {
  const { scores, labels } = batch;
  const count = countOf(scores);
  const lead = g.sub(g.gatherElements(scores, labels, 1), scores);
  const lacking = g.relu(g.sub(g.scalar(margin, lead), lead));
  const raised = power === 2 ? g.mul(lacking, lacking) : lacking;
  const sum = g.reduceSum(g.mul(raised, others(g, labels, count)), [1]);
  return weighted(g, g.div(sum, g.scalar(count, sum)), batch);
};
