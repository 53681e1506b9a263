/** Convolutions and pooling of images [batch, channels, height, width]. */
import { DomainError } from "@amaas/errors";
import type { Value } from "@amaas/graph";
import type { LayerBuilder } from "./layer-builder.ts";
import { sizeAt } from "./sizes.ts";

export interface Convolution {
  readonly filters: number;
  /** Along either side. */
  readonly kernel: number;
  readonly stride: number;
  /** A normalization right behind has one of its own. */
  readonly bias: boolean;
}

/** Padded so that a stride of 1 keeps the size; of an even kernel the odd column is on the right. */
export function convolution(n: LayerBuilder, x: Value, layer: Convolution): Value {
  const { filters, kernel, stride, bias } = layer;
  const shape = [filters, sizeAt(x, 1), kernel, kernel];
  const weight = n.weight("weight", shape, "he-normal");
  const before = Math.floor((kernel - 1) / 2);
  const after = kernel - 1 - before;
  return n.g.node("Conv", [x, weight, bias ? n.parameter("bias", [filters], "zeros") : undefined], {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    pads: [before, before, after, after],
  });
}

const pools = { max: "MaxPool", average: "AveragePool" } as const;

/** Windows side by side; what does not fill one at the right and the bottom is left out. */
export function pool(
  { g }: LayerBuilder,
  x: Value,
  { size, by }: { readonly size: number; readonly by: keyof typeof pools },
): Value {
  const [height, width] = [sizeAt(x, 2), sizeAt(x, 3)];
  if (Math.min(height, width) < size)
    throw new DomainError(
      "invalid-argument",
      `${height}×${width} of the image is left where windows of ${size}×${size} are pooled, wanted fewer or smaller windows`,
    );
  return g.node(pools[by], [x], { kernel_shape: [size, size], strides: [size, size] });
}

/** The mean of each channel: [batch, channels]. */
export function globalMean({ g }: LayerBuilder, x: Value): Value {
  return g.reduceMean(x, [2, 3], { keepdims: false });
}
