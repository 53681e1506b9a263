/** Gradient rules for operators that draw random numbers: what is drawn does not vary smoothly with anything. */
import { describeNode, type Node, type Subgraph, subgraphsOf } from "@amaas/graph";
import { refuse } from "../refusal.ts";
import type { Rules } from "../rule.ts";
import { zero1 } from "./zero.ts";

export const random = {
  RandomNormal: () => [],
  RandomUniform: () => [],
  RandomNormalLike: zero1,
  RandomUniformLike: zero1,
  Bernoulli: zero1,
  Multinomial: zero1,
} satisfies Rules<
  | "RandomNormal"
  | "RandomUniform"
  | "RandomNormalLike"
  | "RandomUniformLike"
  | "Bernoulli"
  | "Multinomial"
>;

/** Whether a node draws, or one in its bodies does: then it makes other numbers whenever it is computed. */
export function draws(node: Node): boolean {
  return drawer([node]) !== undefined;
}

/** A body of the way back as it is; refuses one that would draw again what the forward pass has drawn. */
export function undrawn(body: Subgraph): Subgraph {
  const found = drawer(body.graph.nodes);
  if (found)
    refuse(
      `the way back computes its bodies once more, and ${describeNode(found, body.graph.opsets)} would draw other numbers then: draw them outside`,
    );
  return body;
}

function drawer(nodes: readonly Node[]): Node | undefined {
  for (const node of nodes) {
    if (node.domain === "" && Object.hasOwn(random, node.op)) return node;
    const inside = subgraphsOf(node).map((body) => drawer(body.nodes));
    const found = inside.find((inner) => inner !== undefined);
    if (found) return found;
  }
  return undefined;
}
