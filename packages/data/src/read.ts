/**
 * Reads the data set that a spec names.
 *
 * What comes out depends on the bytes and the spec alone. What does not fit is refused, naming the
 * file's field in the spec, row and column; nothing is guessed silently.
 */
import type { DataSpec, Task } from "@amaas/spec";
import { readArrays } from "./arrays.ts";
import type { OpenFile } from "./data-file.ts";
import type { Dataset } from "./dataset.ts";
import { readImages } from "./images/images.ts";
import { defaultLimits, type Limits } from "./limits.ts";
import { readRecords } from "./records.ts";
import type { KeyColumns } from "./row-keys.ts";
import { readText } from "./text.ts";

/** @throws DomainError invalid-argument where the data is at fault. */
export function readDataset(
  spec: DataSpec,
  task: Task,
  /** Opens a file that the spec, or a list of files that it names, gives the digest of. */
  open: OpenFile,
  limits: Limits = defaultLimits,
  /** Columns that the split goes by. */
  keys: KeyColumns = {},
): Promise<Dataset> {
  switch (spec.format) {
    case "arrays":
      return readArrays(spec, task, open, limits);
    case "images":
      return readImages(spec, task, open, limits);
    case "text":
      return readText(spec, open, limits);
    default:
      return readRecords(spec, task, open, limits, keys);
  }
}
