/** A loss times the weight of the sample's class. */
import type { GraphBuilder, Value } from "@amaas/graph";
import type { ClassBatch } from "./loss.ts";

export function weighted(g: GraphBuilder, loss: Value, { weights, labels }: ClassBatch): Value {
  return weights ? g.mul(loss, g.gather(weights, labels)) : loss;
}
