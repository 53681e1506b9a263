/**
 * Pad without its input `axes`. onnxruntime's optimizer moves transpositions past a Pad as if that told of all axes (seen
 * in 1.30), so that one which tells of some gets pads that are others' or none.
 */
import {
  type Graph,
  GraphBuilder,
  knownNumbers,
  type Node,
  subgraphsOf,
  type Value,
} from "@amaas/graph";
import { type ReplaceInside, withBodies } from "./bodies.ts";
import { joinSizes, type Size, shapeOf, vectorOf } from "./sizes.ts";

/** The same graph with pads of all axes wherever a Pad has those of some. */
export function withPadsOfAll(graph: Graph): Graph {
  if (!graph.nodes.some(hasAxesInside)) return graph;
  const g = new GraphBuilder(graph.name, graph.opsets);
  const inputs = graph.inputs.map(({ name, type, shape }) => [name, g.input(name, type, shape)]);
  const values = g.inlineAll(graph, Object.fromEntries(inputs), (...given) => padded(g, ...given));
  for (const output of graph.outputs) g.output(output.name, values.get(output.name)!, output);
  return g.build();
}

const padded: ReplaceInside = (g, node, inputs, find) => {
  if (!hasAxesInside(node)) return undefined;
  if (!hasAxes(node)) return withBodies(g, node, inputs, find, padded);
  const [x, pads, value, axes] = inputs;
  if (!x?.shape) return undefined;
  const all = padsOfAll(g, x, pads!, axes);
  return g.node("Pad", [x, all, value], node.attributes, { outputs: 1 });
};

function hasAxes({ domain, op, inputs }: Node): boolean {
  return domain === "" && op === "Pad" && (inputs[3] ?? "") !== "";
}

/** Whether a node is such a Pad, or one in its bodies is. */
function hasAxesInside(node: Node): boolean {
  return hasAxes(node) || subgraphsOf(node).some((body) => body.nodes.some(hasAxesInside));
}

/** Pads of all axes, made of those of some. */
export function padsOfAll(g: GraphBuilder, x: Value, pads: Value, axes: Value | undefined): Value {
  if (!axes) return pads;
  const rank = shapeOf(x).length;
  const [known, at] = [knownNumbers(pads.content), knownNumbers(axes.content)];
  if (known && at) {
    const all = new Array<number>(2 * rank).fill(0);
    for (const [index, axis] of at.entries())
      for (const side of [0, 1])
        all[(axis < 0 ? axis + rank : axis) + side * rank] = known[index + side * at.length]!;
    return g.ints(all);
  }
  const sizes = g.ints([rank]);
  const given = axes.type === "INT64" ? axes : g.cast(axes, "INT64");
  // Axes may count from the back; the remainder has the sign of the divisor.
  const first = g.node("Mod", [given, sizes]);
  const none = g.ints(new Array<number>(2 * rank).fill(0));
  return g.scatterElements(none, g.concat([first, g.add(first, sizes)], 0), pads);
}

export interface Margins {
  readonly axis: number;
  readonly before: Size;
  readonly after: Size;
}

/** `x` with zeros around it along some axes. */
export function padZeros(g: GraphBuilder, x: Value, margins: readonly Margins[]): Value {
  const sides = (["before", "after"] as const).map((side) =>
    vectorOf(
      g,
      shapeOf(x).map((_, at) => margins.find(({ axis }) => axis === at)?.[side] ?? 0),
    ),
  );
  return g.node("Pad", [x, joinSizes(g, sides)]);
}
