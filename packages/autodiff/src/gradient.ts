/**
 * The gradient of a graph, as a graph: the same inputs, the same outputs, and behind them one output
 * `grad/<name>` for each value asked for. Standard operators only, so any runtime runs it. The same graph
 * always gives the same gradient graph, node for node.
 */
import { DomainError } from "@amaas/errors";
import { type Graph, GraphBuilder, inferTypes, isFloat, type Known, printType } from "@amaas/graph";
import { backward, type GradientOptions } from "./backward.ts";
import { lower } from "./lower.ts";
import { shapeOf } from "./sizes.ts";

type Types = ReadonlyMap<string, Known>;

/** The name of the output that holds the gradient at a value. */
export function gradientName(name: string): string {
  return `grad/${name}`;
}

export function gradient(given: Graph, { loss, wrt, constants = [] }: GradientOptions): Graph {
  const types = inferTypes(given);
  wantLoss(given, types, loss);
  for (const name of wrt) wantDifferentiable(given, types, name);
  for (const name of constants)
    if (!types.has(name)) throw fault("constants", `graph "${given.name}" has no value "${name}"`);

  const graph = lower(given, { loss, wrt, constants });
  const g = new GraphBuilder(graph.name, graph.opsets);
  const inputs = graph.inputs.map(({ name, type, shape }) => [name, g.input(name, type, shape)]);
  const values = g.inlineAll(graph, Object.fromEntries(inputs));
  const gradients = backward(g, graph, values, { loss, wrt, constants });
  for (const output of graph.outputs) g.output(output.name, values.get(output.name)!, output);
  for (const name of wrt) {
    const value = gradients.get(name);
    if (!value)
      throw fault(
        "wrt",
        `the loss "${loss}" does not depend on "${name}" in a way that has a slope`,
      );
    g.output(gradientName(name), value, { shape: shapeOf(values.get(name)!) });
  }
  return g.build();
}

function wantLoss(graph: Graph, types: Types, loss: string): void {
  const names = graph.outputs.map((output) => `"${output.name}"`).join(", ");
  const value = graph.outputs.some(({ name }) => name === loss) ? types.get(loss) : undefined;
  if (!value) throw fault("loss", `graph "${graph.name}" has no output "${loss}"; it has ${names}`);
  if (!isScalar(value) || !value.type || !isFloat(value.type))
    throw fault(
      "loss",
      `the loss "${loss}" is ${describe(value)}; one floating-point number is wanted, as ReduceSum or ReduceMean makes`,
    );
}

function isScalar({ shape }: Known): boolean {
  return shape?.every((size) => size === 1) ?? false;
}

function wantDifferentiable(graph: Graph, types: Types, name: string): void {
  const value = types.get(name);
  if (!value) throw fault("wrt", `graph "${graph.name}" has no value "${name}"`);
  if (!value.type || !isFloat(value.type))
    throw fault(
      "wrt",
      `"${name}" is ${describe(value)}; only floating-point values have gradients`,
    );
}

function describe({ type, shape }: Known): string {
  return type ? printType({ type, shape }) : "of unknown type";
}

function fault(field: string, description: string): DomainError {
  return new DomainError("invalid-argument", description, {
    violations: [{ field, description }],
  });
}
