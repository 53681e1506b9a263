/** A vector of length 1, near to those of the same label: its loss is told by the others of the batch. */
import type { GraphBuilder, Value } from "@amaas/graph";
import { normalized } from "../losses/contrastive.ts";
import { anyOf, neighbourLoss, neighboursOf } from "../losses/neighbours.ts";
import type { BatchValues, Objective } from "./objective.ts";

export const embedding: Objective<"embedding"> = {
  labels: "INT32",

  loss(g, batch, { loss, detach }) {
    return neighbourLoss(g, neighbours(g, batch), loss.type, loss, detach);
  },

  /** Whether the nearest of the others is of the same label, of those who have one there. */
  columns(g, batch) {
    const { cosines, same, other } = neighbours(g, batch);
    const below = g.scalar(-2, cosines);
    const nearest = (of: Value) => g.reduceMax(g.where(of, cosines, below), [1]);
    const asked = anyOf(g, same);
    const found = g.greater(nearest(same), nearest(other));
    return {
      asked: g.cast(asked, "FP32"),
      hits: g.cast(g.and(asked, found), "FP32"),
    };
  },
};

function neighbours(g: GraphBuilder, { outputs, labels, mask }: BatchValues) {
  return neighboursOf(g, normalized(g, outputs), labels, mask);
}
