/**
 * Areas under the curves of a score that should tell some rows (positives) from the others.
 *
 * Both are functions of the order of the scores alone, and rows of equal scores are passed together,
 * as scikit-learn has it: the order in which they happen to stand changes nothing. Rows may count
 * several times or not at all, so that a resample needs no sorting of its own.
 */

/** Rows from the highest score down. */
export interface Ranking {
  readonly order: Uint32Array;
  /** By place in the order: 1 at the last row of each run of equal scores. */
  readonly ends: Uint8Array;
  /** By row. */
  readonly positive: Uint8Array;
}

export interface Areas {
  /**
   * The chance that a positive scores higher than a negative, half of it where they are equal:
   * sum over runs of negatives * (positives above + positives of the run / 2) / (positives * negatives).
   */
  readonly roc: number;
  /** Average precision: sum over runs of (recall gained) * (precision so far). */
  readonly pr: number;
  /** Rows that are, each as often as it counts. */
  readonly positives: number;
}

export function rankingOf(scores: Float32Array, positive: Uint8Array): Ranking {
  const order = Uint32Array.from(scores, (_, row) => row).sort(
    // Of equal scores the first row is first, so that sums are added in one order everywhere.
    (a, b) => scores[b]! - scores[a]! || a - b,
  );
  const ends = Uint8Array.from(order, (row, place) => {
    const next = order[place + 1];
    return next === undefined || scores[next] !== scores[row] ? 1 : 0;
  });
  return { order, ends, positive };
}

/** Undefined where there are no positives or no negatives; `counts` says how often each row counts. */
export function areasOf(ranking: Ranking, counts: Uint32Array): Areas | undefined {
  const { order, ends, positive } = ranking;
  let [positives, negatives] = [0, 0];
  // Of the run at hand.
  let [hits, misses] = [0, 0];
  let [pairs, precisions] = [0, 0];
  for (let place = 0; place < order.length; place++) {
    const row = order[place]!;
    if (positive[row] === 1) hits += counts[row]!;
    else misses += counts[row]!;
    if (ends[place] === 0) continue;
    pairs += misses * (positives + hits / 2);
    positives += hits;
    negatives += misses;
    if (hits > 0) precisions += hits * (positives / (positives + negatives));
    [hits, misses] = [0, 0];
  }
  if (positives === 0 || negatives === 0) return undefined;
  return { roc: pairs / (positives * negatives), pr: precisions / positives, positives };
}
