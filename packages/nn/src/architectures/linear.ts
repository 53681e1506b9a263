/** Linear and logistic regression: one layer without an activation. */
import type { LinearSpec } from "@amaas/spec";
import { denseNetwork } from "../dense.ts";
import type { Network, NetworkSize } from "../network.ts";

export function linear(_: LinearSpec, size: NetworkSize): Network {
  return denseNetwork("linear", size, []);
}
