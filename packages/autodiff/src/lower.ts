/**
 * Operators without a rule of their own are spelled out in others before a gradient is taken, wherever one has to
 * flow through them: recurrent cells, attention, the operators that ONNX itself defines as functions.
 */
import { DomainError, isDomainError } from "@amaas/errors";
import {
  describeNode,
  filledSlots,
  findOperator,
  type Graph,
  GraphBuilder,
  inferTypes,
  type Node,
  namesUsedBy,
  resolveAttributes,
  type Value,
} from "@amaas/graph";
import { type GradientOptions, influencedBy } from "./backward.ts";
import { refuse } from "./refusal.ts";
import { findLowering } from "./rules/index.ts";

/** Lowerings may use each other, but not without end. */
const mostRounds = 8;

/** The same graph, with a rule for each node that a gradient on its way to `wrt` meets, as far as there is one. */
export function lower(given: Graph, options: Required<GradientOptions>): Graph {
  let graph = given;
  for (let round = 0; ; round++) {
    const found = nodesToLower(graph, options);
    if (found.size === 0) return graph;
    if (round === mostRounds) {
      const [first] = found;
      refuse(
        `${describeNode(first!, graph.opsets)} is still not spelled out after ${round} rounds`,
      );
    }
    graph = lowerNodes(graph, found);
  }
}

function nodesToLower(
  graph: Graph,
  { loss, wrt, constants }: Required<GradientOptions>,
): ReadonlySet<Node> {
  const candidates = graph.nodes.filter((node) => findLowering(node.domain, node.op));
  if (candidates.length === 0) return new Set();
  const active = influencedBy(graph, inferTypes(graph), wrt, new Set(constants));
  const needed = neededFor(graph, loss);
  const between = (name: string) => active.has(name) && needed.has(name);
  return new Set(candidates.filter((node) => node.outputs.some(between)));
}

/** The values that a value is computed from, and itself. */
function neededFor(graph: Graph, name: string): ReadonlySet<string> {
  const needed = new Set([name]);
  for (const node of graph.nodes.toReversed())
    if (node.outputs.some((output) => needed.has(output)))
      for (const used of namesUsedBy(node)) needed.add(used);
  return needed;
}

function lowerNodes(graph: Graph, nodes: ReadonlySet<Node>): Graph {
  const g = new GraphBuilder(graph.name, graph.opsets);
  const inputs = graph.inputs.map(({ name, type, shape }) => [name, g.input(name, type, shape)]);
  const values = g.inlineAll(graph, Object.fromEntries(inputs), (node, x) =>
    nodes.has(node) ? lowerNode(g, graph, node, x) : undefined,
  );
  for (const output of graph.outputs) g.output(output.name, values.get(output.name)!, output);
  return g.build();
}

function lowerNode(
  g: GraphBuilder,
  graph: Graph,
  node: Node,
  inputs: readonly (Value | undefined)[],
): readonly (Value | undefined)[] {
  const operator = findOperator(node.domain, node.op)!;
  const lowering = findLowering(node.domain, node.op)!;
  const x = filledSlots(operator.inputs, inputs);
  const attributes = resolveAttributes(operator.attributes, node.attributes);
  try {
    const made = lowering.lower({ g, x, attributes });
    return isValue(made) ? [made] : made;
  } catch (error) {
    if (!isDomainError(error)) throw error;
    const where = describeNode(node, graph.opsets);
    throw new DomainError(error.code, `the gradient of ${where}: ${error.message}`, {
      cause: error,
    });
  }
}

function isValue(made: Value | readonly (Value | undefined)[]): made is Value {
  return "label" in made;
}
