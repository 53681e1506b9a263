/** The refusal to differentiate, in the terms of whoever wrote the graph. */
import { DomainError, isDomainError } from "@amaas/errors";
import { describeNode, type Graph, type Node } from "@amaas/graph";

export function refuse(message: string): never {
  throw new DomainError("invalid-argument", message);
}

/** Does what a node's gradient takes; a refusal on the way says which node it was. */
export function inNode<T>(node: Node, graph: Graph, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!isDomainError(error)) throw error;
    const where = describeNode(node, graph.opsets);
    throw new DomainError(error.code, `the gradient of ${where}: ${error.message}`, {
      cause: error,
    });
  }
}
