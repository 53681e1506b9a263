/**
 * What a trainer has been ordered to compute and has not begun: nodes for its compute threads.
 *
 * Orders are remembered by version and pass. A leaf is computed once for a version and pass,
 * unless a server has been joined anew since, whose gradients may have got lost.
 */
import type { Orders, Pass } from "@amaas/proto/amaas/parameter_server/v1/parameter_server";
import { cover, type TreeNode } from "@amaas/reduction";

export interface Job {
  readonly pass: Pass;
  readonly version: number;
  readonly node: TreeNode;
}

export class WorkList {
  readonly leaves: number;
  readonly #threads: number;
  /** Orders by "version/pass", with the leaves begun. */
  readonly #orders = new Map<
    string,
    { pass: Pass; version: number; wanted: Set<number>; begun: Set<number> }
  >();

  constructor(leaves: number, threads: number) {
    this.leaves = leaves;
    this.#threads = threads;
  }

  add({ pass, version, leaves }: Orders): void {
    const name = `${version}/${pass}`;
    const fresh = { pass, version, wanted: new Set<number>(), begun: new Set<number>() };
    const order = this.#orders.get(name) ?? fresh;
    this.#orders.set(name, order);
    for (const leaf of leaves) if (leaf < this.leaves) order.wanted.add(leaf);
  }

  /** A server was joined anew: whatever it orders must be computed again. */
  forgetBegun(): void {
    for (const order of this.#orders.values()) {
      for (const leaf of order.begun) order.wanted.delete(leaf);
      order.begun.clear();
    }
  }

  /** Drops the orders for versions before this one; true where one had not even been begun. */
  dropOlder(version: number): boolean {
    let missed = false;
    for (const [name, order] of this.#orders) {
      if (order.version >= version) continue;
      missed ||= order.wanted.size > order.begun.size;
      this.#orders.delete(name);
    }
    return missed;
  }

  /**
   * Nodes to compute with the weights of this version, in runs for the threads. Of a pass that there
   * is something to do for, `may` says whether it can be done yet.
   */
  take(version: number, may: (pass: Pass) => boolean = () => true): Job[] {
    const jobs: Job[] = [];
    for (const order of this.#orders.values()) {
      if (order.version !== version) continue;
      const open = [...order.wanted].filter((leaf) => !order.begun.has(leaf)).sort((a, b) => a - b);
      if (open.length === 0 || !may(order.pass)) continue;
      for (const leaf of open) order.begun.add(leaf);
      for (const node of this.#nodes(open)) jobs.push({ pass: order.pass, version, node });
    }
    return jobs;
  }

  #nodes(leaves: readonly number[]): TreeNode[] {
    const nodes: TreeNode[] = [];
    for (let thread = 0; thread < this.#threads; thread++) {
      const at = (index: number) => Math.floor((leaves.length * index) / this.#threads);
      nodes.push(...cover(leaves.slice(at(thread), at(thread + 1)), this.leaves));
    }
    return nodes;
  }
}
