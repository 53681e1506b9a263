/** Linear and logistic regression: one layer without an activation. */
import type { Value } from "@amaas/graph";
import type { LinearSpec } from "@amaas/spec";
import { dense } from "../layers/dense.ts";
import type { LayerBuilder } from "../layers/layer-builder.ts";
import type { NetworkSize } from "../network.ts";

export function linear(
  n: LayerBuilder,
  features: Value,
  _: LinearSpec,
  { outputs }: NetworkSize,
): Value {
  return dense(n.at("layer0"), features, { width: outputs });
}
