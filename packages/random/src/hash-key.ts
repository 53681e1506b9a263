/**
 * A key from what it is for: `hashKey(seed, "shuffle", epoch)`. Different parts give different keys (but for
 * chance, 1 in 2^64); this is no protection against someone who looks for equal ones.
 */
import { bits, type Key } from "./philox.ts";

const encoder = new TextEncoder();
const textTag = 1;
const numberTag = 2;

/** Numbers must be finite; 0 and -0 are the same. */
export function hashKey(...parts: readonly (string | number)[]): Key {
  let key: Key = [parts.length, 0];
  for (const part of parts) key = absorb(key, part);
  return key;
}

/** Tag and length go first, so that no two lists of parts read the same. */
function absorb(key: Key, part: string | number): Key {
  const isText = typeof part === "string";
  const bytes = isText ? encoder.encode(part) : numberBytes(part);
  const words = new DataView(new ArrayBuffer(Math.ceil(bytes.length / 8) * 8));
  for (const [index, byte] of bytes.entries()) words.setUint8(index, byte);
  let state = mix(key, isText ? textTag : numberTag, bytes.length);
  for (let at = 0; at < words.byteLength; at += 8)
    state = mix(state, words.getUint32(at, true), words.getUint32(at + 4, true));
  return state;
}

function mix(key: Key, a: number, b: number): Key {
  const [x, y] = bits(key, a, b);
  return [x, y];
}

function numberBytes(value: number): Uint8Array {
  if (!Number.isFinite(value))
    throw new RangeError(`a key is made of finite numbers, not ${value}`);
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value === 0 ? 0 : value, true);
  return bytes;
}
