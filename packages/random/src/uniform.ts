/** Numbers between 0 and 1, each a pure function of its key and its place. */
import { bits, type Key } from "./philox.ts";

const two32 = 2 ** 32;

/** The number at place `counter` (0 to 2^53), evenly spread over the multiples of 2^-53 in [0, 1). */
export function uniform(key: Key, counter: number): number {
  if (!Number.isSafeInteger(counter) || counter < 0)
    throw new RangeError(`a counter is a whole number from 0 to 2^53, not ${counter}`);
  const [high, low] = bits(key, counter % two32, Math.floor(counter / two32));
  return ((high >>> 5) * 2 ** 26 + (low >>> 6)) * 2 ** -53;
}
