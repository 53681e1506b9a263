/**
 * U-Net (Ronneberger and others, 2015): the image at ever smaller sizes, and back up, where each size sees what was
 * there on the way down. With group normalization, which looks at one image alone.
 */
import type { Value } from "@amaas/graph";
import type { UnetSpec } from "@amaas/spec";
import { activate } from "../layers/activation.ts";
import { convolution } from "../layers/convolution.ts";
import { corrupted } from "../layers/corruption.ts";
import type { LayerBuilder } from "../layers/layer-builder.ts";
import { imageNorm } from "../layers/normalization.ts";
import { sizeAt } from "../layers/sizes.ts";
import { enlarged } from "../layers/upsampling.ts";
import type { NetworkSize } from "../network.ts";
import { imagesOf } from "../samples.ts";

export function unet(n: LayerBuilder, features: Value, spec: UnetSpec, size: NetworkSize): Value {
  const { g } = n;
  const { width, depth } = spec;
  const image = imagesOf(g, corrupted(n, features, spec.corrupt), size, "unet");
  let x = twice(n.at("down0"), image, width, 1, spec);
  const seen = [x];
  for (let level = 1; level <= depth; level++) {
    x = twice(n.at(`down${level}`), x, width * 2 ** level, 2, spec);
    seen.push(x);
  }
  for (let level = depth - 1; level >= 0; level--) {
    const beside = seen[level]!;
    const joined = g.concat([beside, enlarged(g, x, beside)], 1);
    x = twice(n.at(`up${level}`), joined, width * 2 ** level, 1, spec);
  }
  const last = { filters: sizeAt(image, 1), kernel: 1, stride: 1, bias: true };
  return g.reshape(convolution(n.at("head"), x, last), [0, size.features]);
}

/** Two convolutions, the first of which takes the step. */
function twice(
  n: LayerBuilder,
  x: Value,
  filters: number,
  stride: number,
  { activation, norm }: UnetSpec,
): Value {
  const bias = norm === "none";
  let y = x;
  for (const [index, by] of [stride, 1].entries()) {
    const layer = { filters, kernel: 3, stride: by, bias };
    y = convolution(n.at(`conv${index}`), y, layer);
    y = activate(n.g, imageNorm(n.at(`norm${index}`), y, norm), activation);
  }
  return y;
}
