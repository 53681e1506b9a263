/**
 * The fixed binary tree over the virtual shards (the leaves) of a step.
 *
 * Node (level, index) covers the leaves [index * 2^level, (index + 1) * 2^level) below the number
 * of leaves. A node's value is left + right, and just the left one's where nothing lies to the
 * right. So a sum depends on the number of leaves alone, never on who added what, or when.
 */

export interface TreeNode {
  readonly level: number;
  readonly index: number;
}

export function rootOf(leaves: number): TreeNode {
  let level = 0;
  while (2 ** level < leaves) level += 1;
  return { level, index: 0 };
}

/** First leaf of a node, and the one behind its last. */
export function span({ level, index }: TreeNode, leaves: number): [from: number, to: number] {
  const width = 2 ** level;
  return [index * width, Math.min((index + 1) * width, leaves)];
}

export function isNode({ level, index }: TreeNode, leaves: number): boolean {
  if (!Number.isInteger(level) || !Number.isInteger(index) || level < 0 || index < 0) return false;
  return level <= rootOf(leaves).level && index * 2 ** level < leaves;
}

/** The fewest nodes that cover exactly these leaves, from left to right. */
export function cover(wanted: Iterable<number>, leaves: number): TreeNode[] {
  const set = new Set(wanted);
  const nodes: TreeNode[] = [];
  const visit = (node: TreeNode): void => {
    const [from, to] = span(node, leaves);
    if (from >= to) return;
    let found = 0;
    for (let leaf = from; leaf < to; leaf++) if (set.has(leaf)) found += 1;
    if (found === 0) return;
    const children = childrenOf(node);
    // A node with an empty right half equals its left half: name the smaller one.
    const halfEmpty = children !== undefined && span(children[1], leaves)[0] >= leaves;
    if (found === to - from && !halfEmpty) nodes.push(node);
    else if (children) children.forEach(visit);
  };
  visit(rootOf(leaves));
  return nodes;
}

function childrenOf({ level, index }: TreeNode): [TreeNode, TreeNode] | undefined {
  if (level === 0) return undefined;
  return [
    { level: level - 1, index: 2 * index },
    { level: level - 1, index: 2 * index + 1 },
  ];
}

/** Adds up one node from its leaves, each asked for once, from left to right. */
export async function reduce<T>(
  node: TreeNode,
  leaves: number,
  leaf: (index: number) => Promise<T>,
  add: (left: T, right: T) => T,
): Promise<T> {
  const children = childrenOf(node);
  if (!children) return leaf(node.index);
  const left = await reduce(children[0], leaves, leaf, add);
  if (span(children[1], leaves)[0] >= leaves) return left;
  return add(left, await reduce(children[1], leaves, leaf, add));
}
