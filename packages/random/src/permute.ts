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
  return permutation(key, n)(position);
}

/** The same for many positions: what key and n alone decide is worked out once. */
export function permutation(key: Key, n: number): (position: number) => number {
  if (!Number.isSafeInteger(n) || n < 1 || n > most)
    throw new RangeError(`a permutation is of 1 to 2^52 numbers, not ${n}`);
  const width = bitsOf(n - 1);
  const lowBits = (width + 1) >>> 1;
  const [lowSize, highMask, lowMask] = [2 ** lowBits, 2 ** (width - lowBits) - 1, 2 ** lowBits - 1];
  const front = roundKeys(key[0], golden);
  const middle = roundKeys(key[1], 0x7f4a7c15);
  return (position) => {
    if (!Number.isSafeInteger(position) || position < 0 || position >= n)
      throw new RangeError(`${position} is not one of the ${n} numbers permuted`);
    let place = position;
    do {
      // The halves, each in turn changed by a function of the other: a bijection whatever that is.
      let high = Math.floor(place / lowSize);
      let low = place % lowSize;
      for (let round = 0; round < rounds; round += 2) {
        high ^= scramble(low, front[round]!, middle[round]!) & highMask;
        low ^= scramble(high, front[round + 1]!, middle[round + 1]!) & lowMask;
      }
      place = high * lowSize + low;
    } while (place >= n);
    return place;
  };
}

function roundKeys(word: number, step: number): Int32Array {
  return Int32Array.from({ length: rounds }, (_, round) => (word + Math.imul(round + 1, step)) | 0);
}

/** A round function: the finalizer of MurmurHash3 with the key in front and in the middle. */
function scramble(half: number, front: number, middle: number): number {
  let x = half ^ front;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x ^= middle;
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}

/** How many bits a number takes. */
function bitsOf(value: number): number {
  let bits = 0;
  for (let rest = value; rest >= 1; rest /= 2) bits++;
  return bits;
}
