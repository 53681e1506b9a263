/**
 * Which numbers of a file are a causal mask: they say what a place may look at, and are no weights. In every matrix of
 * one a number stands on and below the diagonal, and another above it.
 */
import type { Tensor } from "@amaas/tensor";

export function isCausalMask({ shape, data }: Tensor): boolean {
  const [rows = 0, columns = 0] = shape.slice(-2);
  if (shape.length < 2 || rows < 2 || rows !== columns || data.length === 0) return false;
  const seen = data[0];
  const unseen = data[1];
  if (Object.is(seen, unseen)) return false;
  for (let at = 0; at < data.length; at++) {
    const column = at % columns;
    const row = Math.floor(at / columns) % rows;
    if (data[at] !== (column <= row ? seen : unseen)) return false;
  }
  return true;
}
