/** Multi-layer perceptron: hidden layers with an activation, then a linear one. */
import type { Value } from "@amaas/graph";
import type { MlpSpec } from "@amaas/spec";
import { dense } from "../layers/dense.ts";
import { dropout } from "../layers/dropout.ts";
import type { LayerBuilder } from "../layers/layer-builder.ts";
import type { NetworkSize } from "../network.ts";

export function mlp(
  n: LayerBuilder,
  features: Value,
  spec: Pick<MlpSpec, "hidden" | "activation" | "dropout">,
  { outputs }: Pick<NetworkSize, "outputs">,
): Value {
  const { hidden, activation } = spec;
  const last = hidden.reduce((x, width, index) => {
    const y = dense(n.at(`layer${index}`), x, { width, activation });
    return dropout(n, y, spec.dropout);
  }, features);
  return dense(n.at(`layer${hidden.length}`), last, { width: outputs });
}
