/**
 * A random order of the numbers below n without a list of them: where a number goes is a function of key and
 * number alone, and no two go to one place. A Feistel network permutes the smallest power of two that holds n;
 * who lands outside walks on until inside, on average less than once.
 */
import type { Key } from "./philox.ts";

const rounds = 12;
const golden = 0x9e3779b9;
const most = 2 ** 52;

/** Where the keyed permutation of [0, n) sends `position`. */
export function permute(key: Key, n: number, position: number): number {
  if (!Number.isSafeInteger(n) || n < 1 || n > most)
    throw new RangeError(`a permutation is of 1 to 2^52 numbers, not ${n}`);
  if (!Number.isSafeInteger(position) || position < 0 || position >= n)
    throw new RangeError(`${position} is not one of the ${n} numbers permuted`);
  const width = bitsOf(n - 1);
  const lowBits = (width + 1) >>> 1;
  let place = position;
  do place = step(key, place, width - lowBits, lowBits);
  while (place >= n);
  return place;
}

/** One pass over the halves, each in turn changed by a function of the other: a bijection whatever that is. */
function step(key: Key, place: number, highBits: number, lowBits: number): number {
  const [lowSize, highMask, lowMask] = [2 ** lowBits, 2 ** highBits - 1, 2 ** lowBits - 1];
  let high = Math.floor(place / lowSize);
  let low = place % lowSize;
  for (let round = 0; round < rounds; round += 2) {
    high ^= scramble(key, round, low) & highMask;
    low ^= scramble(key, round + 1, high) & lowMask;
  }
  return high * lowSize + low;
}

/** A round function: the finalizer of MurmurHash3 with the key in front and in the middle. */
function scramble(key: Key, round: number, half: number): number {
  let x = half ^ (key[0] + Math.imul(round + 1, golden));
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x ^= key[1] + Math.imul(round + 1, 0x7f4a7c15);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}

/** How many bits a number takes. */
function bitsOf(value: number): number {
  let bits = 0;
  for (let rest = value; rest >= 1; rest /= 2) bits++;
  return bits;
}
