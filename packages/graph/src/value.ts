/** A value of a graph that is being built: an input, a constant, or what a node will make. */
import type { DataType } from "@amaas/tensor";
import type { Dimension, Shape } from "./graph.ts";
import type { Known } from "./infer.ts";

export interface Value extends Known {
  readonly type: DataType | undefined;
  readonly shape: Shape | undefined;
  readonly content?: readonly Dimension[] | undefined;
  /** What messages call it. Its final name is given when the graph is built. */
  readonly label: string;
}
