/** What a file is told by from one that was damaged, cut off or half written. */
import { closeSync, openSync, readSync } from "node:fs";
import { crc32 } from "node:zlib";

export interface FileSum {
  readonly bytes: number;
  readonly crc32: number;
}

const chunkBytes = 2 ** 20;

/** Blocks the thread it is called on. */
export function sumOf(path: string): FileSum {
  const file = openSync(path, "r");
  try {
    const chunk = new Uint8Array(chunkBytes);
    let [bytes, sum] = [0, 0];
    for (;;) {
      const read = readSync(file, chunk);
      if (read === 0) return { bytes, crc32: sum };
      bytes += read;
      sum = crc32(chunk.subarray(0, read), sum);
    }
  } finally {
    closeSync(file);
  }
}
