/**
 * Opens the files of a data set of records as one table, each by its format.
 */
import type { RecordsSpec } from "@amaas/spec";
import { openCsv } from "./csv.ts";
import type { DataFile, OpenFile } from "./data-file.ts";
import { openJson, openJsonLines } from "./json.ts";
import type { Limits } from "./limits.ts";
import { joinTables, openParts } from "./parts.ts";
import type { Table } from "./table.ts";

type Opener = (field: string, file: DataFile, limits: Limits) => Promise<Table>;

const openers: { readonly [F in RecordsSpec["format"]]: Opener } = {
  csv: openCsv,
  json: openJson,
  jsonl: openJsonLines,
  // Loaded where they are needed: each is larger than all the rest.
  parquet: async (...args) => (await import("./parquet.ts")).openParquet(...args),
  arrow: async (...args) => (await import("./arrow.ts")).openArrow(...args),
};

export async function openTable(
  field: string,
  { format, file }: RecordsSpec,
  open: OpenFile,
  limits: Limits,
): Promise<Table> {
  const tables = [];
  for (const part of await openParts(field, file, open, limits)) {
    const place = part.path === undefined ? field : `${field} (${part.path})`;
    tables.push({ path: part.path, table: await openers[format](place, part.file, limits) });
  }
  return joinTables(field, tables);
}
