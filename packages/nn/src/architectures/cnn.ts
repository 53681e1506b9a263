/**
 * Convolutional network, in the manner of LeNet (LeCun and others, 1998): blocks of convolutions and pooling, then a
 * multi-layer perceptron of what is left of the image.
 */
import type { Value } from "@amaas/graph";
import type { CnnSpec } from "@amaas/spec";
import { activate } from "../layers/activation.ts";
import { convolution, pool } from "../layers/convolution.ts";
import type { LayerBuilder } from "../layers/layer-builder.ts";
import { imageNorm } from "../layers/normalization.ts";
import { sizeAt } from "../layers/sizes.ts";
import type { NetworkSize } from "../network.ts";
import { imagesOf } from "../samples.ts";
import { mlp } from "./mlp.ts";

export function cnn(n: LayerBuilder, features: Value, spec: CnnSpec, size: NetworkSize): Value {
  const { norm, activation, pooling, blocks } = spec;
  let x = imagesOf(n.g, features, size, "cnn");
  for (const [index, { filters, kernel, stride, layers, pool: window }] of blocks.entries()) {
    const block = n.at(`block${index}`);
    for (let layer = 0; layer < layers; layer++) {
      const bias = norm === "none";
      // Only the first one takes the step: the others would make the image smaller once more.
      const step = layer === 0 ? stride : 1;
      x = convolution(block.at(`conv${layer}`), x, { filters, kernel, stride: step, bias });
      x = activate(n.g, imageNorm(block.at(`norm${layer}`), x, norm), activation);
    }
    if (window > 1) x = pool(n, x, { size: window, by: pooling });
  }
  const width = sizeAt(x, 1) * sizeAt(x, 2) * sizeAt(x, 3);
  return mlp(n.at("head"), n.g.reshape(x, [0, width]), spec, size);
}
