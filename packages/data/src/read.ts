/**
 * Reads the data set that a spec names.
 *
 * What comes out depends on the bytes and the spec alone. What does not fit is refused, naming the
 * file's field in the spec, row and column; nothing is guessed silently.
 */
import type { DataSpec, Task } from "@amaas/spec";
import { readArrays } from "./arrays.ts";
import type { Dataset } from "./dataset.ts";
import { defaultLimits, type Limits } from "./limits.ts";
import { readRecords } from "./records.ts";
import type { KeyColumns } from "./row-keys.ts";

/** @throws DomainError invalid-argument where the data is at fault. */
export function readDataset(
  spec: DataSpec,
  task: Task,
  /** The bytes of a file that the spec names. */
  read: (ref: string) => Promise<Uint8Array>,
  limits: Limits = defaultLimits,
  /** Columns that the split goes by. */
  keys: KeyColumns = {},
): Promise<Dataset> {
  return spec.format === "arrays"
    ? readArrays(spec, task, read, limits)
    : readRecords(spec, task, read, limits, keys);
}
