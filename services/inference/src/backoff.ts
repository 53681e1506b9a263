/** How long to wait before the next attempt: longer after every failure, and not in step with others. */
const firstMs = 1_000;
const longestMs = 60_000;

export function backoffMs(failures: number, random: () => number = Math.random): number {
  const most = Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, 16));
  return most * (0.5 + random() / 2);
}
