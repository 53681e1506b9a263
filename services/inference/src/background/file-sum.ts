/** What a file is told by from one that was damaged, cut off or half written. All of it blocks the thread it is called on. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";

export interface FileSum {
  readonly bytes: number;
  readonly crc32: number;
}

/** By the names of files in one folder. */
export type FileSums = Readonly<Record<string, FileSum>>;

const chunkBytes = 2 ** 20;

export function bytesOf(sums: FileSums): number {
  return Object.values(sums).reduce((sum, { bytes }) => sum + bytes, 0);
}

export function areIntact(folder: string, sums: FileSums): boolean {
  try {
    return Object.entries(sums).every(([name, wanted]) => {
      const found = sumOf(join(folder, name));
      return found.bytes === wanted.bytes && found.crc32 === wanted.crc32;
    });
  } catch {
    return false;
  }
}

export function sumOf(path: string): FileSum {
  const file = openSync(path, "r");
  try {
    // A mebibyte for each of thousands of small files would be collected all the time.
    const chunk = new Uint8Array(Math.min(fstatSync(file).size + 1, chunkBytes));
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
