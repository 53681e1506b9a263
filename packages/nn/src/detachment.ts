/**
 * Values that gradients do not flow through.
 *
 * ONNX has no operator that says so. While the gradient is derived, such a value is an output of
 * the graph and what is made of it starts from an input, which has no gradient; afterwards the two
 * ends are joined.
 */
import type { Graph, GraphBuilder, Value } from "@amaas/graph";

export class Detachment {
  readonly #graph: GraphBuilder;
  /** From the input to the output that it stands for. */
  readonly #ends = new Map<string, string>();

  constructor(g: GraphBuilder) {
    this.#graph = g;
  }

  /** Cuts: the value as it was made in, as an input of the graph. */
  detach(value: Value): Value {
    const output = `detached/${this.#ends.size}`;
    const input = `${output}/again`;
    this.#ends.set(input, output);
    this.#graph.output(output, value);
    return this.#graph.input(input, value.type!, value.shape!);
  }

  /** Joins the ends in a graph that was derived from the builder's. */
  join(graph: Graph): Graph {
    const joined = (name: string) => this.#ends.get(name) ?? name;
    return {
      ...graph,
      inputs: graph.inputs.filter(({ name }) => !this.#ends.has(name)),
      nodes: graph.nodes.map((node) => ({ ...node, inputs: node.inputs.map(joined) })),
    };
  }
}
