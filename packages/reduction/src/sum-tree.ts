/**
 * A sum in the making: nodes arrive in any order, more than once, and cut in any way that follows
 * the tree; the root always comes out the same.
 */
import { rootOf, span, type TreeNode } from "./tree.ts";

/** `duplicate`: all its leaves are in already. `overlap`: some are; it takes their place. */
export type Offer = "new" | "duplicate" | "overlap";

export class SumTree<T> {
  readonly leaves: number;
  readonly #add: (left: T, right: T) => T;
  readonly #rootLevel: number;
  /** Nodes that wait for their other half, by level and index. */
  readonly #waiting = new Map<number, T>();
  readonly #covered: Uint8Array;
  #coveredCount = 0;
  #root: T | undefined;

  /** `add` may reuse its left argument for the answer; neither is touched afterwards. */
  constructor(leaves: number, add: (left: T, right: T) => T) {
    this.leaves = leaves;
    this.#add = add;
    this.#rootLevel = rootOf(leaves).level;
    this.#covered = new Uint8Array(leaves);
  }

  get complete(): boolean {
    return this.#coveredCount === this.leaves;
  }

  /** The whole sum, once complete. */
  get root(): T | undefined {
    return this.#root;
  }

  missing(): number[] {
    const leaves: number[] = [];
    this.#covered.forEach((seen, leaf) => {
      if (seen === 0) leaves.push(leaf);
    });
    return leaves;
  }

  /** What adding this node would mean. */
  check(node: TreeNode): Offer {
    const [from, to] = span(node, this.leaves);
    let seen = 0;
    for (let leaf = from; leaf < to; leaf++) seen += this.#covered[leaf] ?? 0;
    if (seen === 0) return "new";
    return seen === to - from ? "duplicate" : "overlap";
  }

  /**
   * Adds a node that `check` found to be no duplicate. Answers with the smaller nodes inside it
   * whose place it takes: their sum, had it been completed, would have had the same bits.
   */
  add(node: TreeNode, value: T): T[] {
    const replaced: T[] = [];
    const [from, to] = span(node, this.leaves);
    for (let leaf = from; leaf < to; leaf++) {
      if (this.#covered[leaf] === 0) this.#coveredCount += 1;
      else replaced.push(...this.#removeInside(node, leaf));
    }
    this.#covered.fill(1, from, to);
    this.#settle(node.level, node.index, value);
    return replaced;
  }

  /** What waits for its other half on the way from a leaf up to the node. */
  #removeInside(node: TreeNode, leaf: number): T[] {
    const removed: T[] = [];
    for (let level = 0; level < node.level; level++) {
      const at = key(level, leaf >> level);
      const value = this.#waiting.get(at);
      if (value !== undefined && this.#waiting.delete(at)) removed.push(value);
    }
    return removed;
  }

  #settle(level: number, index: number, value: T): void {
    if (level === this.#rootLevel) {
      this.#root = value;
      return;
    }
    const sibling = index ^ 1;
    const siblingIsEmpty = sibling * 2 ** level >= this.leaves;
    if (siblingIsEmpty) {
      this.#settle(level + 1, index >> 1, value);
      return;
    }
    const other = this.#waiting.get(key(level, sibling));
    if (other === undefined) {
      this.#waiting.set(key(level, index), value);
      return;
    }
    this.#waiting.delete(key(level, sibling));
    const sum = index < sibling ? this.#add(value, other) : this.#add(other, value);
    this.#settle(level + 1, index >> 1, sum);
  }
}

const key = (level: number, index: number): number => index * 64 + level;
