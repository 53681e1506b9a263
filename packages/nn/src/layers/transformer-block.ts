/**
 * A block of a transformer, with the normalizations in front of what they feed (Xiong and others, 2020), which trains
 * without a warm-up: x + attention(norm(x)), then x + feedforward(norm(x)).
 */
import type { Value } from "@amaas/graph";
import { type AttentionLayer, attention } from "./attention.ts";
import { dense } from "./dense.ts";
import { dropout } from "./dropout.ts";
import type { LayerBuilder } from "./layer-builder.ts";
import { layerNorm } from "./normalization.ts";
import { sizeAt } from "./sizes.ts";

export interface TransformerBlock extends AttentionLayer {
  /** Width of the layer in between. */
  readonly feedforward: number;
}

export function transformerBlock(n: LayerBuilder, x: Value, block: TransformerBlock): Value {
  const { g } = n;
  const width = sizeAt(x, -1);
  const attended = attention(n.at("attention"), layerNorm(n.at("norm0"), x), block);
  const y = g.add(x, dropout(n, attended, block.dropout));
  const inner = dense(n.at("feedforward0"), layerNorm(n.at("norm1"), y), {
    width: block.feedforward,
    activation: "gelu",
  });
  const outer = dense(n.at("feedforward1"), inner, { width });
  return g.add(y, dropout(n, outer, block.dropout));
}
