/** Graphs made of graphs: one behind another, fewer outputs, inputs that become constants. */
import type { Tensor } from "@amaas/tensor";
import type { Graph, Model } from "./graph.ts";
import { GraphBuilder } from "./graph-builder.ts";
import { misfit } from "./misfit.ts";
import { printType } from "./shape.ts";
import type { Value } from "./value.ts";

export interface ConnectOptions {
  /** For inputs of the second, the outputs of the first that they take; by default those of one name. */
  readonly mapping?: Readonly<Record<string, string>>;
  readonly name?: string;
}

/**
 * `second` behind `first`. The inputs are those of the first and what the second still needs; the outputs those
 * of the second and what it did not take of the first. Names inside give way where they clash.
 */
export function connect(first: Graph, second: Graph, options: ConnectOptions = {}): Graph {
  const mapping = options.mapping ?? sameNames(first, second);
  const g = new GraphBuilder(options.name ?? first.name, first.opsets);
  const made = g.inline(first, declareInputs(g, first));
  const bindings: Record<string, Value> = Object.create(null);
  for (const [to, from] of Object.entries(mapping)) {
    if (!second.inputs.some((input) => input.name === to))
      misfit(`graph "${second.name}" has no input "${to}"`);
    bindings[to] = Object.hasOwn(made, from)
      ? made[from]!
      : misfit(`graph "${first.name}" has no output "${from}"`);
  }
  Object.assign(bindings, declareInputs(g, second, bindings));
  const outputs = g.inline(second, bindings);
  for (const output of second.outputs) g.output(output.name, outputs[output.name]!, output);
  const taken = new Set(Object.values(mapping));
  for (const output of first.outputs)
    if (!taken.has(output.name)) g.output(output.name, made[output.name]!, output);
  return g.build();
}

function declareInputs(
  g: GraphBuilder,
  graph: Graph,
  except: Readonly<Record<string, Value>> = {},
): Readonly<Record<string, Value>> {
  return Object.fromEntries(
    graph.inputs
      .filter(({ name }) => !Object.hasOwn(except, name))
      .map(({ name, type, shape }) => [name, g.input(name, type, shape)]),
  );
}

function sameNames(first: Graph, second: Graph): Readonly<Record<string, string>> {
  const wanted = new Set(second.inputs.map((input) => input.name));
  const names = first.outputs.map((output) => output.name).filter((name) => wanted.has(name));
  if (names.length === 0)
    misfit(`no output of "${first.name}" has the name of an input of "${second.name}"`);
  return Object.fromEntries(names.map((name) => [name, name]));
}

/** The graph with only some of its outputs, in the given order, and only what those need. */
export function withOutputs(graph: Graph, names: readonly string[]): Graph {
  const g = new GraphBuilder(graph.name, graph.opsets);
  const made = g.inline(graph, declareInputs(g, graph));
  const infos = new Map(graph.outputs.map((info) => [info.name, info]));
  for (const name of names) {
    const info = infos.get(name) ?? misfit(`graph "${graph.name}" has no output "${name}"`);
    g.output(name, made[name]!, info);
  }
  return g.build();
}

/** The model with some of its inputs turned into constants: weights that move in. */
export function withInitializers(model: Model, tensors: ReadonlyMap<string, Tensor>): Model {
  const { graph } = model;
  const inputs = new Map(graph.inputs.map((input) => [input.name, input]));
  for (const [name, tensor] of tensors) {
    const input = inputs.get(name) ?? misfit(`graph "${graph.name}" has no input "${name}"`);
    const fits =
      tensor.type === input.type &&
      tensor.shape.length === input.shape.length &&
      input.shape.every((size, axis) => typeof size === "string" || size === tensor.shape[axis]);
    if (!fits) misfit(`input "${name}" is ${printType(input)}, not ${printType(tensor)}`);
  }
  return {
    ...model,
    graph: {
      ...graph,
      inputs: graph.inputs.filter(({ name }) => !tensors.has(name)),
      initializers: new Map([...graph.initializers, ...tensors]),
    },
  };
}
