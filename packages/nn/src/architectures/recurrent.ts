/** Recurrent networks: `rnn`, `gru` and `lstm` of series or tokens; what the last layer comes to decides. */
import type { Value } from "@amaas/graph";
import type { RecurrentSpec } from "@amaas/spec";
import { dense } from "../layers/dense.ts";
import { dropout } from "../layers/dropout.ts";
import type { LayerBuilder } from "../layers/layer-builder.ts";
import { recurrent } from "../layers/recurrent.ts";
import type { NetworkSize } from "../network.ts";
import { lengthsOf, meanOf, sequenceOf } from "../sequences.ts";

export function recurrentNetwork(
  n: LayerBuilder,
  features: Value,
  spec: RecurrentSpec,
  size: NetworkSize,
): Value {
  const { g } = n;
  const { type: cell, hidden, layers, bidirectional, pooling } = spec;
  const sequence = sequenceOf(n, features, size, { architecture: cell, width: spec.embedding });
  const { counts } = sequence;
  const lengths = counts && lengthsOf(n, counts);
  let each = g.transpose(dropout(n, sequence.x, spec.dropout), [1, 0, 2]);
  let last: Value | undefined;
  for (let layer = 0; layer < layers; layer++) {
    const made = recurrent(n.at(`layer${layer}`), each, { cell, hidden, bidirectional, lengths });
    each = dropout(n, made.each, spec.dropout);
    last = dropout(n, made.last, spec.dropout);
  }
  const byBatch = () => g.transpose(each, [1, 0, 2]);
  const pooled =
    pooling === "mean" ? meanOf(n, { x: byBatch(), ...(counts && { counts }) }) : last!;
  return dense(n.at("head"), pooled, { width: size.outputs });
}
