/**
 * Transformer decoder, in the manner of GPT-2 (Radford and others, 2019): what stands at each place and a row for the
 * place, blocks in which a place looks at itself and those before it, and scores of the token that comes next.
 */
import type { GraphBuilder, Value } from "@amaas/graph";
import type { GptSpec } from "@amaas/spec";
import { dense } from "../layers/dense.ts";
import { dropout } from "../layers/dropout.ts";
import { positions } from "../layers/embedding.ts";
import type { LayerBuilder } from "../layers/layer-builder.ts";
import { layerNorm } from "../layers/normalization.ts";
import { transformerBlock } from "../layers/transformer-block.ts";
import type { NetworkSize } from "../network.ts";
import { shapeOf, unfit } from "../samples.ts";

/** Far below every score. */
const unseen = -1e9;

/** Of any number of tokens up to the features there are: FP32 [batch, time, outputs]. */
export function gpt(n: LayerBuilder, features: Value, spec: GptSpec, size: NetworkSize): Value {
  const { g } = n;
  const { width, heads, layers, feedforward = 4 * width, tied } = spec;
  const { vocabulary, outputs, features: context } = size;
  if (vocabulary === undefined) throw unfit("architecture.type", '"gpt"', "tokens", shapeOf(size));
  const ids = g.cast(features, "INT32");
  const init = { type: "normal", std: 0.02 } as const;
  const table = n.at("token").parameter("embedding", [vocabulary, width], init);
  const places = firstRows(g, positions(n, { count: context, width }), ids);
  let x = dropout(n, g.add(g.gather(table, ids), places), spec.dropout);
  const block = { heads, feedforward, bias: causal(g, ids), dropout: spec.dropout };
  for (let layer = 0; layer < layers; layer++)
    x = transformerBlock(n.at(`layer${layer}`), x, block);
  const last = layerNorm(n.at("norm"), x);
  return tied ? g.matMul(last, g.transpose(table)) : dense(n.at("head"), last, { width: outputs });
}

/** As many rows as the ids have places. */
function firstRows(g: GraphBuilder, table: Value, ids: Value): Value {
  return g.node("Slice", [table, g.ints([0]), g.shape(ids, 1, 2), g.ints([0])]);
}

/** FP32 [time, time]: 0 where a place, by row, may look, far below 0 at those that come after it. */
function causal(g: GraphBuilder, ids: Value): Value {
  const time = g.squeeze(g.shape(ids, 1, 2), [0]);
  const places = g.node("Range", [g.scalar(0, time), time, g.scalar(1, time)]);
  const isSeen = g.lessOrEqual(places, g.unsqueeze(places, [1]));
  return g.where(isSeen, g.scalar(0, "FP32"), g.scalar(unseen, "FP32"));
}
