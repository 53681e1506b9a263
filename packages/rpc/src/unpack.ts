/**
 * gzip and deflate undone, off the event loop and a few at a time: side by side, a thousand small bodies would all have
 * grown to a thousand times their size before the first is done with.
 */
import { promisify } from "node:util";
import { gunzip, inflate } from "node:zlib";
import { DomainError } from "@amaas/errors";

const ways = { gzip: promisify(gunzip), deflate: promisify(inflate) };

export type Packing = keyof typeof ways;

/** Node has four threads for this and for files, all servers of a process together: one is left to files. */
const atOnce = 3;
let running = 0;
const waiting: (() => void)[] = [];

export function isPacking(name: string | undefined): name is Packing {
  return name !== undefined && Object.hasOwn(ways, name);
}

export interface UnpackOptions {
  /** Rejects with a RangeError where there would be more bytes. */
  readonly limit: number;
  /** Asked when its turn comes; if not, it rejects as `cancelled`. */
  readonly isWanted: () => boolean;
}

export async function unpack(
  packed: Uint8Array,
  packing: Packing,
  { limit, isWanted }: UnpackOptions,
): Promise<Buffer> {
  if (running < atOnce) running++;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    if (!isWanted()) throw new DomainError("cancelled", "nobody waits for it any more");
    return await ways[packing](packed, { maxOutputLength: limit });
  } finally {
    // Whoever waits takes over the place.
    const next = waiting.shift();
    if (next === undefined) running--;
    else next();
  }
}
