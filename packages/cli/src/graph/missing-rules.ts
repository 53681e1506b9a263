/** Which operators between some values and the loss no gradient flows through: what to look at when none came out. */
import { hasGradient } from "@amaas/autodiff";
import { describeNode, type Graph, type Node, namesUsedBy } from "@amaas/graph";

const mostNamed = 5;

/** `; on the way from wrt to the loss these have no gradient rule: ...`, or nothing. */
export function missingRules(graph: Graph, loss: string, wrt: readonly string[]): string {
  const found = nodesBetween(graph, wrt, loss).filter(({ domain, op }) => !hasGradient(domain, op));
  if (found.length === 0) return "";
  const rest = found.length - mostNamed;
  const named = found.slice(0, mostNamed).map((node) => describeNode(node, graph.opsets));
  const all = [...named, ...(rest > 0 ? [`${rest} more`] : [])].join(", ");
  return `; on the way from wrt to the loss these have no gradient rule: ${all}`;
}

function nodesBetween(graph: Graph, from: readonly string[], to: string): readonly Node[] {
  const reached = new Set(from);
  const behind = graph.nodes.filter((node) => {
    if (!namesUsedBy(node).some((name) => reached.has(name))) return false;
    for (const name of node.outputs) reached.add(name);
    return true;
  });
  const needed = new Set([to]);
  const between = behind.toReversed().filter((node) => {
    if (!node.outputs.some((name) => needed.has(name))) return false;
    for (const name of namesUsedBy(node)) needed.add(name);
    return true;
  });
  return between.reverse();
}
