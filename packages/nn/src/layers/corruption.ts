/**
 * What training hides (Vincent and others, 2008): a share of the values is 0, the others are as they were. A network
 * that has to tell all of them learns how they hang together.
 */
import type { Value } from "@amaas/graph";
import { dropout } from "./dropout.ts";
import type { LayerBuilder } from "./layer-builder.ts";

/** Dropout makes up for what it drops; here that is taken back, so what is seen is seen as it is. */
export function corrupted(n: LayerBuilder, x: Value, share: number | undefined): Value {
  if (!share) return x;
  const { g } = n;
  const kept = g.scalar(1 - share, x);
  return g.mul(dropout(n, g.div(x, kept), share), kept);
}
