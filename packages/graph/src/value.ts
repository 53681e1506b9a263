/** A value of a graph that is being built: an input, a constant, or what a node will make. */
import type { DataType } from "@amaas/tensor";
import type { Dimension, Graph, Shape } from "./graph.ts";
import type { Known } from "./infer.ts";

export interface Value extends Known {
  readonly type: DataType | undefined;
  readonly shape: Shape | undefined;
  readonly content?: readonly Dimension[] | undefined;
  /** What messages call it. Its final name is given when the graph is built. */
  readonly label: string;
}

/** A graph for an attribute of a node, and the values around it that it uses, by the names it has for them. */
export interface Subgraph {
  readonly graph: Graph;
  readonly captured: ReadonlyMap<string, Value>;
}
