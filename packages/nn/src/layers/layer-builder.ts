/**
 * What layers are written with: a graph, and the parameters that they declare on it.
 *
 * A layer is a function of a builder and a value. Its parameters are inputs of the graph, called by their path:
 * `layer2/attention/weight`, which is what saved weights and patterns of frozen ones go by.
 */
import { type GraphBuilder, graphBuilder, type Value } from "@amaas/graph";
import type { Fans, Initialization, Parameter } from "../network.ts";

export class LayerBuilder {
  readonly g: GraphBuilder;
  readonly #path: string;
  readonly #parameters: Parameter[];
  readonly #initializer: Initialization | undefined;

  private constructor(
    g: GraphBuilder,
    path: string,
    parameters: Parameter[],
    initializer: Initialization | undefined,
  ) {
    this.g = g;
    this.#path = path;
    this.#parameters = parameters;
    this.#initializer = initializer;
  }

  /** `initializer` is what weights start from, whatever their layers would choose. */
  static of(name: string, initializer?: Initialization): LayerBuilder {
    return new LayerBuilder(graphBuilder(name), "", [], initializer);
  }

  get parameters(): readonly Parameter[] {
    return this.#parameters;
  }

  /** The same graph, with names below this one. */
  at(name: string): LayerBuilder {
    return new LayerBuilder(this.g, `${this.#path}${name}/`, this.#parameters, this.#initializer);
  }

  /** A bias, a scale, a table: what has its own way to start. */
  parameter(name: string, shape: readonly number[], init: Initialization, fans?: Fans): Value {
    const path = this.#path + name;
    this.#parameters.push({ name: path, shape, init, ...(fans && { fans }) });
    return this.g.input(path, "FP32", shape);
  }

  /** What inputs are multiplied with. */
  weight(name: string, shape: readonly number[], init: Initialization, fans?: Fans): Value {
    return this.parameter(name, shape, this.#initializer ?? init, fans);
  }
}
