/**
 * Operators without a rule of their own are spelled out in others before a gradient is taken, wherever one has to
 * flow through them: recurrent cells, attention, the operators that ONNX itself defines as functions.
 */
import {
  describeNode,
  filledSlots,
  findOperator,
  type Graph,
  GraphBuilder,
  type Node,
  resolveAttributes,
  type Subgraph,
  subgraphsOf,
  type Value,
} from "@amaas/graph";
import type { GradientOptions } from "./backward.ts";
import { mixKey, wordsFor } from "./random-bits.ts";
import { betweenOf } from "./reach.ts";
import { inNode, refuse } from "./refusal.ts";
import type { AnyLowering, Random } from "./rule.ts";
import { findLowering } from "./rules/index.ts";

/** Lowerings may use each other, but not without end. */
const mostRounds = 8;

/**
 * The same graph, with a rule for each node that a gradient on its way to `wrt` meets, as far as there is one. What
 * draws random numbers draws them from the input called `key`.
 */
export function lower(given: Graph, options: Required<GradientOptions>, key?: string): Graph {
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
    graph = lowerNodes(graph, found, key);
  }
}

function nodesToLower(graph: Graph, options: Required<GradientOptions>): ReadonlySet<Node> {
  const between = betweenOf(graph, options);
  const everywhere = (node: Node) => inOrUnder(node, ({ everywhere = false }) => everywhere);
  return new Set(
    graph.nodes.filter(
      (node) => isToLower(node) && (node.outputs.some(between) || everywhere(node)),
    ),
  );
}

/** Whether a node is to be spelled out, or one in its bodies is. */
function isToLower(node: Node): boolean {
  return inOrUnder(node, () => true);
}

function inOrUnder(node: Node, test: (lowering: AnyLowering) => boolean): boolean {
  const lowering = loweringOf(node);
  if (lowering) return test(lowering);
  return subgraphsOf(node).some((body) => body.nodes.some((inner) => inOrUnder(inner, test)));
}

function loweringOf(node: Node): AnyLowering | undefined {
  const lowering = findLowering(node.domain, node.op);
  if (!lowering?.when) return lowering;
  const operator = findOperator(node.domain, node.op)!;
  const attributes = resolveAttributes(operator.attributes, node.attributes);
  return lowering.when(attributes) ? lowering : undefined;
}

function lowerNodes(graph: Graph, nodes: ReadonlySet<Node>, key?: string): Graph {
  const g = new GraphBuilder(graph.name, graph.opsets);
  const inputs = graph.inputs.map(
    ({ name, type, shape }) => [name, g.input(name, type, shape)] as const,
  );
  const named = new Map<string, Value>(inputs);
  const random = randomWordsOf(g, key === undefined ? undefined : named.get(key));
  const values = g.inlineAll(graph, Object.fromEntries(inputs), (node, x, find) =>
    nodes.has(node) ? lowerNode(g, graph, node, x, find, random) : undefined,
  );
  for (const output of graph.outputs) g.output(output.name, values.get(output.name)!, output);
  return g.build();
}

type Find = (name: string) => Value | undefined;
type RandomOf = (node: Node) => Random;

/** The key is mixed once, for the first node that draws from it; each draws its own by the name of what it makes. */
function randomWordsOf(g: GraphBuilder, key: Value | undefined): RandomOf {
  let mixed: Value | undefined;
  return (node) => ({
    randomWords(seed) {
      if (!key)
        return refuse(
          'it draws random numbers: say which input holds the key of them (randomKey: "key"), or leave training mode',
        );
      mixed ??= mixKey(g, key);
      return wordsFor(g, mixed, seed, node.outputs[0]!);
    },
  });
}

const noRandomWords: RandomOf = () => ({
  randomWords: () =>
    refuse("it would draw the same numbers in every iteration: move it out of the body"),
});

function lowerNode(
  g: GraphBuilder,
  graph: Graph,
  node: Node,
  inputs: readonly (Value | undefined)[],
  find: Find,
  random: RandomOf,
): readonly (Value | undefined)[] {
  const lowering = loweringOf(node);
  if (!lowering) return lowerBodies(g, node, inputs, find);
  const operator = findOperator(node.domain, node.op)!;
  const x = filledSlots(operator.inputs, inputs);
  const attributes = resolveAttributes(operator.attributes, node.attributes);
  return inNode(node, graph, () => {
    const made = lowering.lower({ g, x, attributes, ...random(node) });
    return isValue(made) ? [made] : made;
  });
}

/** The node with bodies in which everything is spelled out. */
function lowerBodies(
  g: GraphBuilder,
  node: Node,
  inputs: readonly (Value | undefined)[],
  find: Find,
): readonly Value[] {
  const bodies = Object.entries(node.attributes).flatMap(([name, attribute]) =>
    attribute.kind === "graph" ? [[name, lowerBody(g, attribute.value, find)] as const] : [],
  );
  const attributes = { ...node.attributes, ...Object.fromEntries(bodies) };
  const { domain } = node;
  return g.node(node.op, inputs, attributes, { domain, outputs: node.outputs.length });
}

function lowerBody(g: GraphBuilder, body: Graph, find: Find): Subgraph {
  return g.subgraph(body.name, (b) => {
    const inputs = body.inputs.map(({ name, type, shape }) => b.input(name, type, shape));
    const values = b.inlineBody(body, inputs, find, (node, x, findInside) =>
      isToLower(node) ? lowerNode(b, body, node, x, findInside, noRandomWords) : undefined,
    );
    for (const output of body.outputs)
      b.output(output.name, (values.get(output.name) ?? find(output.name))!, output);
  });
}

function isValue(made: Value | readonly (Value | undefined)[]): made is Value {
  return "label" in made;
}
