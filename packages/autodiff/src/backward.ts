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
    for (const [index, gradient] of applyRule(g, graph, node, values, dy).entries()) {
      const name = node.inputs[index] ?? "";
      if (!gradient || !active.has(name)) continue;
      const fitted = unbroadcast(g, gradient, values.get(name)!);
      const sofar = gradients.get(name);
      gradients.set(name, sofar ? g.add(sofar, fitted) : fitted);
    }
  }
  return gradients;
}

/** The values that change smoothly when one of `wrt` does. */
function influencedBy(
  graph: Graph,
  values: Values,
  wrt: readonly string[],
  constants: ReadonlySet<string>,
): ReadonlySet<string> {
  const active = new Set(wrt);
  for (const node of graph.nodes) {
    if (!namesUsedBy(node).some((name) => active.has(name))) continue;
    for (const name of node.outputs) {
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
  const y = node.outputs.map((name) => values.get(name)!);
  const attributes = resolveAttributes(operator.attributes, node.attributes);
  const several = isVariadic(operator.outputs);
  try {
    return rule({ g, x, attributes, y: several ? y : y[0]!, dy: several ? dy : dy[0]! });
  } catch (error) {
    if (!isDomainError(error)) throw error;
    throw new DomainError(error.code, `the gradient of ${where}: ${error.message}`, {
      cause: error,
    });
  }
}
