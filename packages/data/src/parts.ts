/**
 * Several files that are one table: the parts that a manifest lists, in its order.
 *
 * The parts have to agree on their columns and types; what does not is refused, naming part and column.
 */
import { digestIn, isDigest, isFilesDigest, type ManifestFile } from "@amaas/spec";
import { type DataFile, type OpenFile, openFile, wholeFile } from "./data-file.ts";
import { parseJson } from "./json-lines.ts";
import { faultyData, holdTo, type Limits } from "./limits.ts";
import type { Row, Table } from "./table.ts";

export interface Part {
  /** The path in the folder; undefined where there is no folder. */
  readonly path: string | undefined;
  readonly file: DataFile;
}

export async function openParts(
  field: string,
  ref: string,
  open: OpenFile,
  limits: Limits,
): Promise<readonly Part[]> {
  const listed = await listedFiles(field, ref, open, limits);
  if (!listed) return [{ path: undefined, file: await openFile(open, ref) }];
  return Promise.all(
    listed.map(async ({ path, digest }) => ({ path, file: await openFile(open, digest) })),
  );
}

/** What a list of files lists, without opening any of them; undefined where it is one file. */
export async function listedFiles(
  field: string,
  ref: string,
  open: OpenFile,
  limits: Limits,
): Promise<readonly ManifestFile[] | undefined> {
  if (!isFilesDigest(ref)) return undefined;
  return readManifest(field, await openFile(open, digestIn(ref)), limits);
}

async function readManifest(
  field: string,
  file: DataFile,
  limits: Limits,
): Promise<readonly ManifestFile[]> {
  holdTo(limits.jsonBytes, file.bytes, field, "bytes in the list of files");
  const parsed = parseJson(new TextDecoder().decode(await wholeFile(file)));
  const files = isRecord(parsed) ? parsed.files : undefined;
  if (!Array.isArray(files) || !files.every(isManifestFile) || files.length === 0)
    throw faultyData(field, "wanted a list of files, each with path, digest and bytes");
  holdTo(limits.files, files.length, field, "files");
  return files;
}

function isManifestFile(value: unknown): value is ManifestFile {
  return (
    isRecord(value) &&
    typeof value.path === "string" &&
    typeof value.digest === "string" &&
    isDigest(value.digest)
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

interface NamedTable {
  readonly path: string | undefined;
  readonly table: Table;
}

export function joinTables(field: string, tables: readonly NamedTable[]): Table {
  const [first] = tables;
  if (!first) throw faultyData(field, "found no files");
  if (tables.length === 1) return first.table;
  const columns = first.table.sparse
    ? [...new Set(tables.flatMap(({ table }) => table.columns))]
    : first.table.columns;
  if (!first.table.sparse) for (const other of tables.slice(1)) refuseOther(field, first, other);
  return {
    ...first.table,
    columns,
    async *rows(wanted) {
      for (const { path, table } of tables) {
        const places = columns.map((name) => table.columns.indexOf(name));
        for await (const batch of table.rows(wanted))
          yield batch.map(
            (row): Row => ({
              ...row,
              ...(path !== undefined && { file: path }),
              cells: places.map((place) => row.cells[place]),
            }),
          );
      }
    },
  };
}

function refuseOther(field: string, first: NamedTable, other: NamedTable): void {
  const known = first.table.columns;
  const missing = known.find((name) => !other.table.columns.includes(name));
  const added = other.table.columns.find((name) => !known.includes(name));
  if (missing !== undefined)
    throw faultyData(
      field,
      `${other.path} has no column ${JSON.stringify(missing)}, which ${first.path} has`,
    );
  if (added !== undefined)
    throw faultyData(
      field,
      `${other.path} has a column ${JSON.stringify(added)}, which ${first.path} does not have`,
    );
  known.forEach((name, index) => {
    const wanted = first.table.declared?.[index];
    const found = other.table.declared?.[other.table.columns.indexOf(name)];
    if (wanted?.type !== found?.type)
      throw faultyData(
        field,
        `${other.path}, column ${JSON.stringify(name)}: found ${found?.name}, wanted ${wanted?.name} as in ${first.path}`,
      );
  });
}
