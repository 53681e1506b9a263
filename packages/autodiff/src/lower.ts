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
  inferTypes,
  type Node,
  namesUsedBy,
  resolveAttributes,
  subgraphsOf,
  type Value,
} from "@amaas/graph";
import type { GradientOptions } from "./backward.ts";
import { type Find, withBodies } from "./bodies.ts";
import { mixKey, wordsFor } from "./random-bits.ts";
import { betweenOf } from "./reach.ts";
import { refuse } from "./refusal.ts";
import type { AnyLowering, Kept, Random } from "./rule.ts";
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
  const isMet = metBy(graph, options);
  const isKept = keptIn(graph);
  const everywhere = (node: Node) => inOrUnder(node, ({ everywhere = false }) => everywhere);
  return new Set(
    graph.nodes.filter(
      (node) => isToLower(node) && !isKept(node) && (isMet(node) || everywhere(node)),
    ),
  );
}

/** The nodes that a gradient meets and that are spelled out together with their way back. */
export function nodesToKeep(graph: Graph, options: Required<GradientOptions>): ReadonlySet<Node> {
  const isMet = metBy(graph, options);
  const isKept = keptIn(graph);
  return new Set(graph.nodes.filter((node) => isKept(node) && isMet(node)));
}

export function keepNode(
  g: GraphBuilder,
  node: Node,
  inputs: readonly (Value | undefined)[],
): Kept {
  const operator = findOperator(node.domain, node.op)!;
  const x = filledSlots(operator.inputs, inputs);
  const attributes = resolveAttributes(operator.attributes, node.attributes);
  return loweringOf(node)!.keep!({ g, x, attributes });
}

function metBy(graph: Graph, options: Required<GradientOptions>): (node: Node) => boolean {
  const between = betweenOf(graph, options);
  const constants = new Set(options.constants);
  // One whose result is what the gradient is wanted at stays as it is.
  return (node) =>
    node.outputs.some((name) => between(name) && !constants.has(name)) &&
    namesUsedBy(node).some(between);
}

/** Which nodes of a graph have a way back for what is spelled out; those of its bodies have none. */
function keptIn(graph: Graph): (node: Node) => boolean {
  let types: ReturnType<typeof inferTypes> | undefined;
  return (node) => {
    const lowering = loweringOf(node);
    if (!lowering?.keeps) return false;
    types ??= inferTypes(graph);
    const operator = findOperator(node.domain, node.op)!;
    const attributes = resolveAttributes(operator.attributes, node.attributes);
    return lowering.keeps(
      attributes,
      node.inputs.map((name) => types!.get(name)),
    );
  };
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
    nodes.has(node) ? lowerNode(g, node, x, find, random) : undefined,
  );
  for (const output of graph.outputs) g.output(output.name, values.get(output.name)!, output);
  return g.build();
}

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
    refuse("in a body it would draw the same numbers each time that runs: move it out"),
});

function lowerNode(
  g: GraphBuilder,
  node: Node,
  inputs: readonly (Value | undefined)[],
  find: Find,
  random: RandomOf,
): readonly (Value | undefined)[] {
  const lowering = loweringOf(node);
  if (!lowering)
    return withBodies(g, node, inputs, find, (b, inner, x, findInside) =>
      isToLower(inner) ? lowerNode(b, inner, x, findInside, noRandomWords) : undefined,
    );
  const operator = findOperator(node.domain, node.op)!;
  const x = filledSlots(operator.inputs, inputs);
  const attributes = resolveAttributes(operator.attributes, node.attributes);
  const made = lowering.lower({ g, x, attributes, ...random(node) });
  return isValue(made) ? [made] : made;
}

function isValue(made: Value | readonly (Value | undefined)[]): made is Value {
  return "label" in made;
}
