/**
 * Normalizations that look at one sample alone.
 *
 * Batch normalization is not among them: what it makes of a sample depends on the others in its micro-batch, so a
 * spec would mean another model at another `virtualShards`, and its running statistics are state beside the
 * gradients. Group normalization (Wu and He, 2018) is as good for small micro-batches, and has neither.
 */
import type { Value } from "@amaas/graph";
import type { Normalization } from "@amaas/spec";
import type { LayerBuilder } from "./layer-builder.ts";
import { sizeAt } from "./sizes.ts";

const epsilon = 1e-5;
/** As many groups as there can be, up to this. */
const mostGroups = 8;

const groupings: { readonly [N in Exclude<Normalization, "none">]: (channels: number) => number } =
  {
    group: (channels) => commonDivisor(channels, mostGroups),
    layer: () => 1,
  };

/** Of an image [batch, channels, height, width]. */
export function imageNorm(n: LayerBuilder, x: Value, norm: Normalization): Value {
  if (norm === "none") return x;
  const channels = sizeAt(x, 1);
  const scale = n.parameter("scale", [channels], "ones");
  const bias = n.parameter("bias", [channels], "zeros");
  const num_groups = groupings[norm](channels);
  return n.g.node("GroupNormalization", [x, scale, bias], { num_groups, epsilon });
}

/** Along the last axis (Ba and others, 2016). */
export function layerNorm(n: LayerBuilder, x: Value): Value {
  const width = sizeAt(x, -1);
  const scale = n.parameter("scale", [width], "ones");
  const bias = n.parameter("bias", [width], "zeros");
  return n.g.node("LayerNormalization", [x, scale, bias], { axis: -1, epsilon });
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}
