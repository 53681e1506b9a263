/** Multi-layer perceptron: hidden layers with an activation, then a linear one. */
import type { MlpSpec } from "@amaas/spec";
import { denseNetwork } from "../dense.ts";
import type { Network, NetworkSize } from "../network.ts";

export function mlp({ hidden, activation }: MlpSpec, size: NetworkSize): Network {
  const layers = hidden.map((width) => ({ width, activation }));
  return denseNetwork("mlp", size, layers);
}
