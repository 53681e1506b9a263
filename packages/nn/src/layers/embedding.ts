/** Tables whose rows stand for ids: y = table[id]. */
import type { Value } from "@amaas/graph";
import type { Initialization } from "../network.ts";
import type { LayerBuilder } from "./layer-builder.ts";

export interface Table {
  /** How many ids there are. */
  readonly count: number;
  readonly width: number;
  readonly init?: Initialization;
}

/** Small, so that what is added up of several begins small too. */
const small: Initialization = { type: "normal", std: 0.02 };

/** Of ids INT32 of any shape: FP32 of that shape, and `width` more. */
export function embedding(
  n: LayerBuilder,
  ids: Value,
  { count, width, init = small }: Table,
): Value {
  return n.g.gather(n.parameter("embedding", [count, width], init), ids);
}

/** A row for each of so many places: FP32 [places, width], to be added to what stands there. */
export function positions(n: LayerBuilder, { count, width, init = small }: Table): Value {
  return n.parameter("position", [count, width], init);
}
