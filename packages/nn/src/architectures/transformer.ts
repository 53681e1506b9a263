/**
 * Transformer encoder, in the manner of BERT (Devlin and others, 2019): what stands at each place and a row for the
 * place, blocks in which every place looks at all others, and what they come to.
 */
import type { Value } from "@amaas/graph";
import type { TransformerSpec } from "@amaas/spec";
import { hiding } from "../layers/attention.ts";
import { dense } from "../layers/dense.ts";
import { dropout } from "../layers/dropout.ts";
import { positions } from "../layers/embedding.ts";
import type { LayerBuilder } from "../layers/layer-builder.ts";
import { layerNorm } from "../layers/normalization.ts";
import { transformerBlock } from "../layers/transformer-block.ts";
import type { NetworkSize } from "../network.ts";
import { meanOf, sequenceOf } from "../sequences.ts";

export function transformer(
  n: LayerBuilder,
  features: Value,
  spec: TransformerSpec,
  size: NetworkSize,
): Value {
  const { g } = n;
  const { width, heads, layers, feedforward = 4 * width, pooling } = spec;
  const sequence = sequenceOf(n, features, size, { architecture: "transformer", width });
  const { counts, time } = sequence;
  // Channels have a width of their own; tokens were looked up in this one.
  const at = counts ? sequence.x : dense(n.at("channels"), sequence.x, { width });
  let x = dropout(n, g.add(at, positions(n, { count: time, width })), spec.dropout);
  const bias = counts && hiding(g, counts);
  for (let layer = 0; layer < layers; layer++)
    x = transformerBlock(n.at(`layer${layer}`), x, {
      heads,
      feedforward,
      bias,
      dropout: spec.dropout,
    });
  const last = layerNorm(n.at("norm"), x);
  const pooled =
    pooling === "first"
      ? g.gather(last, g.scalar(0, "INT64"), 1)
      : meanOf(n, { x: last, ...(counts && { counts }) });
  return dense(n.at("head"), dropout(n, pooled, spec.dropout), { width: size.outputs });
}
