/** Fully connected layers: y = activation(x W + b), over the last axis. */
import type { Value } from "@amaas/graph";
import type { Activation } from "@amaas/spec";
import { activate, uniformFor } from "./activation.ts";
import type { LayerBuilder } from "./layer-builder.ts";
import { sizeAt } from "./sizes.ts";

export interface DenseLayer {
  readonly width: number;
  /** None for the layer that puts out logits or predictions. */
  readonly activation?: Activation;
}

export function dense(n: LayerBuilder, x: Value, { width, activation }: DenseLayer): Value {
  const { g } = n;
  const weight = n.weight("weight", [sizeAt(x, -1), width], uniformFor(activation));
  const bias = n.parameter("bias", [width], "zeros");
  const y = x.shape?.length === 2 ? g.gemm(x, weight, bias) : g.add(g.matMul(x, weight), bias);
  return activation ? activate(g, y, activation) : y;
}
