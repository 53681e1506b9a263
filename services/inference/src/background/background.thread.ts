/** The thread for work on whole files: models that serve go first. */
import { serveThread, yieldProcessor } from "@amaas/engine";
import { digestOf, type FileLook } from "../sources/folder/file-look.ts";
import { areIntact, type FileSums } from "./file-sum.ts";

export interface BackgroundApi {
  /** sha256:<hex>, if the file is still the one that was looked at. */
  digest(look: FileLook): Promise<string>;
  /** Whether the folder's files are what they were. */
  intact(folder: string, sums: FileSums): boolean;
}

yieldProcessor();

serveThread<BackgroundApi>({ digest: digestOf, intact: areIntact });
