/**
 * Autoencoder (Hinton and Salakhutdinov, 2006): layers down to a short code, and the same turned round up to what was
 * seen. Of images, convolutions stand in front of them and behind.
 */
import type { Value } from "@amaas/graph";
import type { AutoencoderSpec } from "@amaas/spec";
import { activate } from "../layers/activation.ts";
import { convolution } from "../layers/convolution.ts";
import { corrupted } from "../layers/corruption.ts";
import { dense } from "../layers/dense.ts";
import { dropout } from "../layers/dropout.ts";
import type { LayerBuilder } from "../layers/layer-builder.ts";
import { imageNorm } from "../layers/normalization.ts";
import { sizeAt } from "../layers/sizes.ts";
import { enlarged } from "../layers/upsampling.ts";
import type { NetworkSize } from "../network.ts";
import { imagesOf } from "../samples.ts";

/** `outputs` FP32 [batch, features], and `code` FP32 [batch, code]. */
export function autoencoder(
  n: LayerBuilder,
  features: Value,
  spec: AutoencoderSpec,
  size: NetworkSize,
): { readonly outputs: Value; readonly code: Value } {
  const seen = corrupted(n, features, spec.corrupt);
  if (spec.filters.length === 0) return denseCode(n, seen, spec);
  const images = [imagesOf(n.g, seen, size, "autoencoder")];
  for (const [index, filters] of spec.filters.entries()) {
    const layer = { filters, kernel: 3, stride: 2, bias: true };
    images.push(step(n.at(`encoder/conv${index}`), images.at(-1)!, layer, spec));
  }
  const last = images.at(-1)!;
  const sizes = [1, 2, 3].map((axis) => sizeAt(last, axis));
  const flat = n.g.reshape(last, [0, sizes.reduce((product, one) => product * one, 1)]);
  const { outputs, code } = denseCode(n, flat, spec);
  let x = n.g.reshape(activate(n.g, outputs, spec.activation), [0, ...sizes]);
  for (let index = spec.filters.length - 1; index >= 0; index--) {
    const wanted = images[index]!;
    const layer = { filters: sizeAt(wanted, 1), kernel: 3, stride: 1, bias: true };
    const part = n.at(`decoder/conv${index}`);
    const larger = enlarged(n.g, x, wanted);
    x = index > 0 ? step(part, larger, layer, spec) : convolution(part, larger, layer);
  }
  return { outputs: n.g.reshape(x, [0, size.features]), code };
}

type Layer = Parameters<typeof convolution>[2];

function step(
  n: LayerBuilder,
  x: Value,
  layer: Layer,
  { activation, norm }: AutoencoderSpec,
): Value {
  return activate(n.g, imageNorm(n.at("norm"), convolution(n, x, layer), norm), activation);
}

/** Dense layers down to the code and up again to as many numbers. */
function denseCode(n: LayerBuilder, x: Value, spec: AutoencoderSpec) {
  const { hidden, activation, code: width } = spec;
  const through = (part: string, from: Value, widths: readonly number[]) =>
    widths.reduce(
      (value, width, index) =>
        dropout(
          n,
          dense(n.at(`${part}/dense${index}`), value, { width, activation }),
          spec.dropout,
        ),
      from,
    );
  const code = dense(n.at("encoder/code"), through("encoder", x, hidden), { width });
  const again = through("decoder", code, hidden.toReversed());
  return { outputs: dense(n.at("decoder/last"), again, { width: sizeAt(x, 1) }), code };
}
