/**
 * Residual network of basic blocks (He and others, 2016) with the small stem that images of up to some 64 pixels want: a
 * 3×3 convolution, and no pooling. `blocks: [2, 2, 2, 2]` at a width of 64 is ResNet-18.
 */
import type { Value } from "@amaas/graph";
import type { ResnetSpec } from "@amaas/spec";
import { activate } from "../layers/activation.ts";
import { convolution, globalMean } from "../layers/convolution.ts";
import { dense } from "../layers/dense.ts";
import { dropout } from "../layers/dropout.ts";
import type { LayerBuilder } from "../layers/layer-builder.ts";
import { imageNorm } from "../layers/normalization.ts";
import { sizeAt } from "../layers/sizes.ts";
import type { NetworkSize } from "../network.ts";
import { imagesOf } from "../samples.ts";

export function resnet(
  n: LayerBuilder,
  features: Value,
  spec: ResnetSpec,
  size: NetworkSize,
): Value {
  const images = imagesOf(n.g, features, size, "resnet");
  let x = normalized(n.at("stem"), images, spec, { filters: spec.width, kernel: 3, stride: 1 });
  x = activate(n.g, x, spec.activation);
  for (const [stage, blocks] of spec.blocks.entries())
    for (let block = 0; block < blocks; block++)
      x = basicBlock(n.at(`stage${stage}/block${block}`), x, spec, {
        filters: spec.width * 2 ** stage,
        stride: stage > 0 && block === 0 ? 2 : 1,
      });
  const mean = dropout(n, globalMean(n, x), spec.dropout);
  return dense(n.at("head"), mean, { width: size.outputs });
}

interface Step {
  readonly filters: number;
  readonly stride: number;
}

/** y = activation(x + norm(conv(activation(norm(conv(x)))))); x goes through a 1×1 convolution where sizes change. */
function basicBlock(n: LayerBuilder, x: Value, spec: ResnetSpec, { filters, stride }: Step): Value {
  const first = normalized(n.at("first"), x, spec, { filters, kernel: 3, stride });
  const inner = activate(n.g, first, spec.activation);
  const second = normalized(n.at("second"), inner, spec, { filters, kernel: 3, stride: 1 });
  const same = stride === 1 && sizeAt(x, 1) === filters;
  const shortcut = same ? x : normalized(n.at("shortcut"), x, spec, { filters, kernel: 1, stride });
  return activate(n.g, n.g.add(second, shortcut), spec.activation);
}

function normalized(
  n: LayerBuilder,
  x: Value,
  { norm }: ResnetSpec,
  layer: Step & { readonly kernel: number },
): Value {
  return imageNorm(
    n.at("norm"),
    convolution(n.at("conv"), x, { ...layer, bias: norm === "none" }),
    norm,
  );
}
