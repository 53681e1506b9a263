/**
 * Draws one of several by their probabilities p: in proportion to p^(1 / temperature), among the k likeliest; at
 * temperature 0 the likeliest.
 */

export interface Sampling {
  readonly temperature: number;
  readonly topK?: number | undefined;
}

/** The index drawn by `share`, a number from 0 to 1; of equal ones the first comes first. */
export function sample(
  probabilities: ArrayLike<number>,
  { temperature, topK }: Sampling,
  share: number,
): number {
  const order = Array.from(probabilities, (_, index) => index)
    .filter((index) => probabilities[index]! > 0)
    .sort((a, b) => probabilities[b]! - probabilities[a]! || a - b)
    .slice(0, temperature === 0 ? 1 : topK);
  const [likeliest] = order;
  if (likeliest === undefined) throw new RangeError("no probability is more than 0");
  // Over the largest, so that a low temperature leaves no numbers that are 0 alone.
  const weights = order.map(
    (index) => (probabilities[index]! / probabilities[likeliest]!) ** (1 / (temperature || 1)),
  );
  let left = share * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [place, index] of order.entries()) {
    left -= weights[place]!;
    if (left < 0) return index;
  }
  return order.at(-1)!;
}
