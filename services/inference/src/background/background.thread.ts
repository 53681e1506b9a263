/** A thread for work on whole files. */
import { workerData } from "node:worker_threads";
import { serveThread, yieldProcessor } from "@amaas/engine";
import { digestOf, type FileLook } from "../sources/folder/file-look.ts";
import { areIntact, type FileSums } from "./file-sum.ts";

export interface BackgroundApi {
  /** sha256:<hex>, if the file is still the one that was looked at. */
  digest(look: FileLook): Promise<string>;
  /** Whether the folder's files are what they were. */
  intact(folder: string, sums: FileSums): boolean;
}

export interface BackgroundData {
  /** Whether models that serve go first. */
  readonly yields: boolean;
}

if ((workerData as BackgroundData).yields) yieldProcessor();

serveThread<BackgroundApi>({ digest: digestOf, intact: areIntact });
