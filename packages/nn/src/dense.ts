/** Fully connected layers: y = activation(x W + b). */
import { type GraphBuilder, graphBuilder, type Value } from "@amaas/graph";
import type { Activation } from "@amaas/spec";
import type { Initialization, Network, NetworkSize, Parameter } from "./network.ts";

export interface DenseLayer {
  readonly width: number;
  /** None for the layer that puts out logits or predictions. */
  readonly activation?: Activation;
}

const activations: { readonly [A in Activation]: (g: GraphBuilder, x: Value) => Value } = {
  relu: (g, x) => g.relu(x),
  tanh: (g, x) => g.tanh(x),
  sigmoid: (g, x) => g.sigmoid(x),
};

/** One layer behind the other, named `layer0`, `layer1` and so on. */
export function denseNetwork(
  name: string,
  size: NetworkSize,
  hidden: readonly DenseLayer[],
): Network {
  const g = graphBuilder(name);
  const parameters: Parameter[] = [];
  const parameter = (path: string, shape: readonly number[], init: Initialization): Value => {
    parameters.push({ name: path, shape, init });
    return g.input(path, "FP32", shape);
  };

  let x = g.input("features", "FP32", ["batch", size.features]);
  let width = size.features;
  const layers: readonly DenseLayer[] = [...hidden, { width: size.outputs }];
  layers.forEach((layer, index) => {
    // He's wider range makes up for the half that ReLU cuts off.
    const init = layer.activation === "relu" ? "he-uniform" : "glorot-uniform";
    const weight = parameter(`layer${index}/weight`, [width, layer.width], init);
    const bias = parameter(`layer${index}/bias`, [layer.width], "zeros");
    x = g.gemm(x, weight, bias);
    if (layer.activation) x = activations[layer.activation](g, x);
    width = layer.width;
  });
  g.output("outputs", x);
  return { graph: g.build(), parameters };
}
