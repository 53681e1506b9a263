/** The words that training graphs draw, once more in plain JavaScript. */
import { hashKey } from "@amaas/random";

const golden = 0x9e3779b9;

/** Of element [row, column] of a value so wide. */
export function wordsOf(key: readonly [number, number], ...purpose: readonly string[]) {
  const first = [scramble(key[0] + golden, 1), scramble(key[1] + 0xbb67ae85, 3)] as const;
  const mixed = [
    scramble(first[0] + 2 * first[1], 5),
    scramble(first[1] + 2 * first[0], 7),
  ] as const;
  const [a, b] = hashKey("dropout", ...purpose);
  const start = (mixed[0] + a) >>> 0;
  const stir = ((mixed[1] + b) | 1) >>> 0;
  return (row: number, column: number, width: number): number =>
    scramble(start + Math.imul(row * width + column, golden), stir);
}

/** v(2v + k), v ^ (v >> 16), v(2v + k), modulo 2^32. */
function scramble(v: number, k: number): number {
  const once = Math.imul(v | 0, ((v | 0) * 2 + k) | 0) >>> 0;
  const shifted = (once ^ (once >>> 16)) >>> 0;
  return Math.imul(shifted, (shifted * 2 + k) | 0) >>> 0;
}
