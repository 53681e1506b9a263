/** Hands things out to parts by their shares, one after the other, to whichever part is furthest behind. */

/**
 * Hands out the rows of all strata in turn, each to the part that is furthest behind its share. Every
 * run of rows, and so every stratum, is divided in proportion to within a row or two, and the whole
 * exactly. The first row of a stratum is for the first part: nobody learns a class that they never saw.
 */
export function deal(
  strata: readonly (readonly number[])[],
  shares: readonly number[],
): readonly number[][] {
  const parts: number[][] = shares.map(() => []);
  const credit = shares.map(() => 0);
  for (const stratum of strata)
    stratum.forEach((row, position) => {
      shares.forEach((share, part) => {
        credit[part] = (credit[part] ?? 0) + share;
      });
      const part = position === 0 ? 0 : credit.indexOf(Math.max(...credit));
      credit[part] = (credit[part] ?? 0) - 1;
      parts[part]?.push(row);
    });
  return parts;
}

/** Rows that stay together. */
export interface Bundle {
  readonly rows: readonly number[];
  /** How many of them are of each class. */
  readonly counts: ReadonlyMap<number, number>;
}

/**
 * Hands out bundles, the largest first, each to the part that wants most of its classes in proportion to
 * what it has yet to get of them. Large ones come first since what is small still evens out what is large.
 */
export function dealBundles(
  bundles: readonly Bundle[],
  shares: readonly number[],
): readonly number[][] {
  const totals = new Map<number, number>();
  for (const { counts } of bundles)
    for (const [kind, count] of counts) totals.set(kind, (totals.get(kind) ?? 0) + count);
  const wants = shares.map(
    (share) => new Map([...totals].map(([kind, total]) => [kind, share * total])),
  );
  const parts: number[][] = shares.map(() => []);
  const sorted = bundles.toSorted((a, b) => b.rows.length - a.rows.length);
  for (const { rows, counts } of sorted) {
    const scores = wants.map((want) => scoreOf(want, counts, totals));
    const part = scores.indexOf(Math.max(...scores));
    for (const [kind, count] of counts)
      wants[part]?.set(kind, (wants[part]?.get(kind) ?? 0) - count);
    parts[part]?.push(...rows);
  }
  return parts;
}

/** Rare classes count as much as frequent ones. */
function scoreOf(
  want: ReadonlyMap<number, number>,
  counts: ReadonlyMap<number, number>,
  totals: ReadonlyMap<number, number>,
): number {
  let score = 0;
  for (const [kind, count] of counts)
    score += (count * (want.get(kind) ?? 0)) / (totals.get(kind) ?? 1);
  return score;
}
