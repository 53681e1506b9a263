/**
 * Philox 4x32-10: a block of 128 random bits as a pure function of a 64-bit key and a 128-bit counter (Salmon
 * et al., "Parallel Random Numbers: As Easy as 1, 2, 3", 2011). Whole-number arithmetic only, so that it is the
 * same everywhere, in any order, on any worker.
 */

/** Two unsigned 32-bit words. */
export type Key = readonly [number, number];
/** Four unsigned 32-bit words. */
export type Block = readonly [number, number, number, number];

const rounds = 10;
const multiplier0 = 0xd2511f53;
const multiplier1 = 0xcd9e8d57;
/** The golden ratio and the square root of 3, less 1, as fractions of 2^32. */
const keyStep0 = 0x9e3779b9;
const keyStep1 = 0xbb67ae85;

/** The random block of a counter; words that are left out are 0. */
export function bits(key: Key, c0: number, c1 = 0, c2 = 0, c3 = 0): Block {
  let k0 = key[0];
  let k1 = key[1];
  let x0 = c0 >>> 0;
  let x1 = c1 >>> 0;
  let x2 = c2 >>> 0;
  let x3 = c3 >>> 0;
  for (let round = 0; round < rounds; round++) {
    const y0 = multiplyHigh(multiplier1, x2) ^ x1 ^ k0;
    const y2 = multiplyHigh(multiplier0, x0) ^ x3 ^ k1;
    x1 = Math.imul(multiplier1, x2);
    x3 = Math.imul(multiplier0, x0);
    x0 = y0 >>> 0;
    x2 = y2 >>> 0;
    k0 = (k0 + keyStep0) | 0;
    k1 = (k1 + keyStep1) | 0;
  }
  return [x0, x1 >>> 0, x2, x3 >>> 0];
}

/** The upper 32 bits of the product of two unsigned words, put together from 16-bit halves. */
function multiplyHigh(a: number, b: number): number {
  const aHigh = a >>> 16;
  const aLow = a & 0xffff;
  const bHigh = b >>> 16;
  const bLow = b & 0xffff;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const other = aLow * bHigh + (middle & 0xffff);
  return aHigh * bHigh + (middle >>> 16) + (other >>> 16);
}
