/**
 * The gradient of a graph, as a graph: the same inputs, the same outputs, and behind them one output
 * `grad/<name>` for each value asked for. Standard operators only, so any runtime runs it. The same graph
 * always gives the same gradient graph, node for node.
 */
import { DomainError } from "@amaas/errors";
import {
  type Graph,
  GraphBuilder,
  inferTypes,
  isFloat,
  type Known,
  type Node,
  printType,
} from "@amaas/graph";
import { backward, type GradientOptions } from "./backward.ts";
import { keepNode, lower, nodesToKeep } from "./lower.ts";
import { withPadsOfAll } from "./pads.ts";
import type { Kept } from "./rule.ts";
import { shapeOf } from "./sizes.ts";
import { lookupsOf, sparseGradient } from "./sparse.ts";

type Types = ReadonlyMap<string, Known>;

/** The name of the output that holds the gradient at a value. */
export function gradientName(name: string): string {
  return `grad/${name}`;
}

/** The names of the outputs that hold the gradient at a table that rows are looked up in. */
function sparseNames(table: string): readonly [ids: string, rows: string] {
  return [`${gradientName(table)}/ids`, `${gradientName(table)}/rows`];
}

export interface GradientRequest extends GradientOptions {
  /** What becomes of a value in `wrt` that the loss does not depend on: an error, or no output for it. */
  readonly independent?: "refuse" | "omit";
  /** Tables that Gather looks rows up in, whose gradients are wanted as ids and rows; none of them is in `wrt`. */
  readonly sparse?: readonly string[];
  /**
   * The input, UINT32[2], that holds the key of random numbers: it is added where the graph has none of that name.
   * Dropout in training mode draws its mask from it.
   */
  readonly randomKey?: string;
}

export function gradient(given: Graph, request: GradientRequest): Graph {
  const { loss, wrt: dense, sparse = [], constants = [], recompute = [] } = request;
  const { independent = "refuse" } = request;
  const types = inferTypes(given);
  wantLoss(given, types, loss);
  for (const name of [...dense, ...sparse]) wantDifferentiable(given, types, name);
  for (const name of sparse)
    if (dense.includes(name)) throw fault("sparse", `"${name}" is asked for in wrt too`);
  wantFreeNames(given, "wrt", dense, (name) => [gradientName(name)]);
  wantFreeNames(given, "sparse", sparse, sparseNames);
  const rows = sparse.flatMap((name) => lookupsOf(given, name, constants).map(lookedUp));
  const wrt = [...dense, ...rows];
  for (const name of constants)
    if (!types.has(name)) throw fault("constants", `graph "${given.name}" has no value "${name}"`);

  const { randomKey } = request;
  const keyed = randomKey === undefined ? given : withKey(given, types, randomKey);
  const options = { loss, wrt, constants, recompute };
  const graph = lower(withPadsOfAll(keyed), options, randomKey);
  const g = new GraphBuilder(graph.name, graph.opsets);
  const inputs = graph.inputs.map(({ name, type, shape }) => [name, g.input(name, type, shape)]);
  const kept = new Map<Node, Kept>();
  const toKeep = nodesToKeep(graph, options);
  const values = g.inlineAll(graph, Object.fromEntries(inputs), (node, x) => {
    if (!toKeep.has(node)) return undefined;
    const made = keepNode(g, node, x);
    kept.set(node, made);
    return made.outputs;
  });
  const gradients = backward(g, graph, values, options, kept);
  for (const output of graph.outputs) g.output(output.name, values.get(output.name)!, output);
  for (const name of dense) {
    const value = gradients.get(name);
    if (!value && independent === "omit") continue;
    if (!value) throw fault("wrt", noSlope(loss, name));
    g.output(gradientName(name), value, { shape: shapeOf(values.get(name)!) });
  }
  for (const name of sparse) {
    const lookups = lookupsOf(graph, name, constants);
    const value = sparseGradient(g, values, gradients, name, lookups);
    if (!value && independent === "omit") continue;
    if (!value) throw fault("sparse", noSlope(loss, name));
    const [ids, rows] = sparseNames(name);
    g.output(ids, value.ids);
    g.output(rows, value.rows);
  }
  return g.build();
}

/** The graph with an input for the key of random numbers. */
function withKey(graph: Graph, types: Types, name: string): Graph {
  const shape = [2];
  const found = types.get(name);
  if (!found) return { ...graph, inputs: [...graph.inputs, { name, type: "UINT32", shape }] };
  const isInput = graph.inputs.some((input) => input.name === name);
  if (isInput && found.type === "UINT32" && found.shape?.length === 1 && found.shape[0] === 2)
    return graph;
  throw fault("randomKey", `"${name}" is ${describe(found)}; an input UINT32[2] is wanted`);
}

function noSlope(loss: string, name: string): string {
  return `the loss "${loss}" does not depend on "${name}" in a way that has a slope`;
}

function lookedUp({ outputs: [rows] }: Node): string {
  return rows!;
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

/** Each gradient is an output of its own, under a name that the graph has not given yet. */
function wantFreeNames(
  { name: graph, inputs, outputs }: Graph,
  field: string,
  asked: readonly string[],
  outputsOf: (name: string) => readonly string[],
): void {
  const given = new Set([...inputs, ...outputs].map(({ name }) => name));
  const seen = new Set<string>();
  for (const name of asked) {
    if (seen.has(name)) throw fault(field, `"${name}" is asked for twice`);
    seen.add(name);
    const clash = outputsOf(name).find((output) => given.has(output));
    if (clash !== undefined)
      throw fault(
        field,
        `the gradient at "${name}" would be the output "${clash}", and graph "${graph}" has an input or output of that name: rename it, or take it out first`,
      );
  }
}

function describe({ type, shape }: Known): string {
  return type ? printType({ type, shape }) : "of unknown type";
}

function fault(field: string, description: string): DomainError {
  return new DomainError("invalid-argument", description, {
    violations: [{ field, description }],
  });
}
