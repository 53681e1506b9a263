/**
 * Which images are rows, and with which labels: all of a folder, the folder that each lies in being its class, or those
 * that a table names.
 */
import type { ImagesSpec, ManifestFile, Task } from "@amaas/spec";
import { isMissing, numberIn, showCell, textIn } from "../cell.ts";
import { openCsv } from "../csv.ts";
import { type OpenFile, openFile } from "../data-file.ts";
import { openJsonLines } from "../json.ts";
import { faultyData, holdTo, type Limits } from "../limits.ts";
import { nameRow, type Row, type Table } from "../table.ts";

export interface ImageRow {
  /** For messages. */
  readonly place: string;
  readonly digest: string;
  /** Undefined where the task has none. */
  readonly label: string | number | undefined;
  /** Why it is none, whatever its bytes. */
  readonly fault?: string;
}

const field = "data.labels";

export async function imageRows(
  { labels }: ImagesSpec,
  files: readonly ManifestFile[],
  task: Task,
  open: OpenFile,
  limits: Limits,
): Promise<readonly ImageRow[]> {
  if (labels !== undefined) return rowsOfTable(labels, files, task, open, limits);
  return files.map(({ path, digest }): ImageRow => {
    const row = { place: path, digest, label: undefined };
    if (task === "reconstruction") return row;
    const folder = path.split("/").at(-2);
    return folder === undefined
      ? { ...row, fault: "lies in no folder, wanted one that is named after its class" }
      : { ...row, label: folder };
  });
}

async function rowsOfTable(
  ref: string,
  files: readonly ManifestFile[],
  task: Task,
  open: OpenFile,
  limits: Limits,
): Promise<readonly ImageRow[]> {
  const table = await openTable(ref, open, limits);
  const digests = new Map(files.map(({ path, digest }) => [path, digest]));
  const [pathAt, labelAt] = [placeOf(table, "path"), placeOf(table, "label")];
  const rows: ImageRow[] = [];
  for await (const batch of table.rows()) {
    for (const row of batch)
      rows.push(rowOf(row, row.cells[pathAt], row.cells[labelAt], task, digests));
    holdTo(limits.rows, rows.length, field, "rows");
  }
  return rows;
}

function rowOf(
  row: Row,
  path: unknown,
  label: unknown,
  task: Task,
  digests: ReadonlyMap<string, string>,
): ImageRow {
  const digest = digests.get(String(path)) ?? "";
  const found = task === "regression" ? numberIn(label) : textIn(label);
  const wanted = task === "regression" ? "a number" : "a class";
  const fault =
    row.fault ??
    (digest === ""
      ? `found ${showCell(path)} as path, wanted an image of data.file`
      : found === undefined || isMissing(label, "text")
        ? `found ${showCell(label)} as label, wanted ${wanted}`
        : undefined);
  return fault === undefined
    ? { place: String(path), digest, label: found }
    : { place: `${field} ${nameRow(row)}`, digest, label: undefined, fault };
}

/** Lines of JSON begin with a brace, a header does not. */
async function openTable(ref: string, open: OpenFile, limits: Limits): Promise<Table> {
  const file = await openFile(open, ref);
  const begin = new TextDecoder().decode(await file.read(0, Math.min(file.bytes, 64)));
  return begin.trimStart().startsWith("{")
    ? openJsonLines(field, file, limits)
    : openCsv(field, file, limits);
}

function placeOf({ columns }: Table, name: string): number {
  const at = columns.indexOf(name);
  if (at < 0) throw faultyData(field, `has no column ${name}, wanted path and label`);
  return at;
}
