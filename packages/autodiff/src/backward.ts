/**
 * How gradients flow: one walk over the nodes in reverse. The gradients that reach a value are added in the order
 * in which the walk finds them, which the graph alone decides; what the parameters do not influence is never
 * visited; an operator without a rule on the way is refused by name.
 */
import { DomainError, isDomainError } from "@amaas/errors";
import {
  describeNode,
  filledSlots,
  findOperator,
  type Graph,
  type GraphBuilder,
  isFloat,
  isVariadic,
  type Known,
  type Node,
  namesUsedBy,
  resolveAttributes,
  type Value,
} from "@amaas/graph";
import { refuse } from "./refusal.ts";
import { findRule } from "./rules/index.ts";
import { onesLike } from "./sizes.ts";
import { unbroadcast } from "./unbroadcast.ts";

export interface GradientOptions {
  /** An output of one element. */
  readonly loss: string;
  /** Inputs, initializers, or values in between. */
  readonly wrt: readonly string[];
  /** Values to be taken for constants: no gradient flows through them. */
  readonly constants?: readonly string[];
}

/** The values of the graph, by name, in the builder that the gradient is written with. */
export type Values = ReadonlyMap<string, Value>;

/** The gradient of the scalar `loss` at each value between it and `wrt`, as far as one flows. */
export function backward(
  g: GraphBuilder,
  graph: Graph,
  values: Values,
  { loss, wrt, constants }: Required<GradientOptions>,
): Values {
  const active = influencedBy(graph, values, wrt, new Set(constants));
  const gradients = new Map<string, Value>();
  if (active.has(loss)) gradients.set(loss, onesLike(g, values.get(loss)!));
  for (const node of graph.nodes.toReversed()) {
    const dy = node.outputs.map((name) => gradients.get(name) ?? null);
    if (dy.every((gradient) => gradient === null)) continue;
    if (!namesUsedBy(node).some((name) => active.has(name))) continue;
    const wanted = node.inputs.map((name) => active.has(name));
    for (const [index, gradient] of applyRule(g, graph, node, values, dy, wanted).entries()) {
      const name = node.inputs[index] ?? "";
      if (!gradient || !wanted[index]) continue;
      const fitted = unbroadcast(g, gradient, values.get(name)!);
      const sofar = gradients.get(name);
      gradients.set(name, sofar ? g.add(sofar, fitted) : fitted);
    }
  }
  return gradients;
}

/** The values that change smoothly when one of `wrt` does. */
export function influencedBy(
  graph: Graph,
  values: ReadonlyMap<string, Known>,
  wrt: readonly string[],
  constants: ReadonlySet<string>,
): ReadonlySet<string> {
  const active = new Set(wrt);
  for (const node of graph.nodes) {
    if (!namesUsedBy(node).some((name) => active.has(name))) continue;
    for (const name of node.outputs) {
      if (name === "") continue;
      const type = values.get(name)?.type;
      const varies = type === undefined || isFloat(type);
      if (varies && !constants.has(name)) active.add(name);
    }
  }
  return active;
}

function applyRule(
  g: GraphBuilder,
  graph: Graph,
  node: Node,
  values: Values,
  dy: readonly (Value | null)[],
  wanted: readonly boolean[],
): readonly (Value | null)[] {
  const where = describeNode(node, graph.opsets);
  const operator = findOperator(node.domain, node.op);
  const rule = findRule(node.domain, node.op);
  if (!operator || !rule)
    return refuse(
      `${where} has no gradient rule: build that part from operators that have one, or leave the parameters behind it out of wrt`,
    );
  const find = (name: string): Value | undefined => values.get(name);
  const x = filledSlots(operator.inputs, node.inputs.map(find));
  const attributes = resolveAttributes(operator.attributes, node.attributes);
  const outputs = isVariadic(operator.outputs) ? node.outputs : operator.outputs;
  const y = outputs.map((_, index) => find(node.outputs[index] ?? ""));
  const several = outputs.length !== 1 || isVariadic(operator.outputs);
  const all = outputs.map((_, index) => dy[index] ?? null);
  try {
    return rule({ g, x, attributes, wanted, y: several ? y : y[0]!, dy: several ? all : all[0]! });
  } catch (error) {
    if (!isDomainError(error)) throw error;
    throw new DomainError(error.code, `the gradient of ${where}: ${error.message}`, {
      cause: error,
    });
  }
}
