/** The thread for work on whole files: models that serve go first. */
import { join } from "node:path";
import { serveThread, yieldProcessor } from "@amaas/engine";
import { digestOf, type FileLook } from "../sources/folder/file-look.ts";
import { type FileSum, sumOf } from "./file-sum.ts";

export interface BackgroundApi {
  /** sha256:<hex>, if the file is still the one that was looked at. */
  digest(look: FileLook): Promise<string>;
  /** Whether the folder's files are what they were; `sums` is by name. */
  intact(folder: string, sums: Readonly<Record<string, FileSum>>): boolean;
}

yieldProcessor();

serveThread<BackgroundApi>({
  digest: digestOf,

  intact(folder, sums) {
    try {
      return Object.entries(sums).every(([name, wanted]) => {
        const found = sumOf(join(folder, name));
        return found.bytes === wanted.bytes && found.crc32 === wanted.crc32;
      });
    } catch {
      return false;
    }
  },
});
