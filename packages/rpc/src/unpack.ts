/**
 * gzip and deflate undone, off the event loop and a few at a time: side by side, a thousand small bodies would all have
 * grown to a thousand times their size before the first is done with.
 */
import { promisify } from "node:util";
import { gunzip, inflate } from "node:zlib";

const ways = { gzip: promisify(gunzip), deflate: promisify(inflate) };

export type Packing = keyof typeof ways;

/** Node has so many threads for it, all servers of a process together. */
const atOnce = 4;
let running = 0;
const waiting: (() => void)[] = [];

export function isPacking(name: string | undefined): name is Packing {
  return name !== undefined && Object.hasOwn(ways, name);
}

/** Rejects with a RangeError where there would be more than `limit` bytes. */
export async function unpack(packed: Uint8Array, packing: Packing, limit: number): Promise<Buffer> {
  if (running < atOnce) running++;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    return await ways[packing](packed, { maxOutputLength: limit });
  } finally {
    // Whoever waits takes over the place.
    const next = waiting.shift();
    if (next === undefined) running--;
    else next();
  }
}
