/** Who computes what: leaves are shared out in runs, in proportion to the compute threads. */

export interface Hand {
  readonly worker: string;
  readonly threads: number;
}

/** Leaves by worker, in the order of the workers' names; everyone gets a run of neighbours. */
export function divide(leaves: readonly number[], hands: readonly Hand[]): Map<string, number[]> {
  const sorted = [...hands].sort((a, b) => (a.worker < b.worker ? -1 : 1));
  const total = sorted.reduce((sum, hand) => sum + hand.threads, 0);
  const shares = new Map<string, number[]>();
  let threads = 0;
  let from = 0;
  for (const hand of sorted) {
    threads += hand.threads;
    const to = Math.round((leaves.length * threads) / total);
    if (to > from) shares.set(hand.worker, leaves.slice(from, to));
    from = to;
  }
  return shares;
}
