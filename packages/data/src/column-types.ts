/**
 * What each column holds: as the spec says, or as its cells look.
 *
 * A column whose cells are numbers but for a few is one of numbers, and the few are bad rows: a slip
 * of the pen must not turn a measurement into a thousand categories.
 */
import type { ColumnType, RecordsSpec } from "@amaas/spec";
import { isMissing, numberIn } from "./cell.ts";
import { faultyData, holdTo, type Limits } from "./limits.ts";
import type { Table } from "./table.ts";

/** Of the cells that are there, this share has to be numbers. */
const numberShare = 0.9;

export interface ColumnTypes {
  readonly types: readonly ColumnType[];
  /** Rows of the table, good and bad. */
  readonly rows: number;
}

export async function columnTypes(
  spec: RecordsSpec,
  table: Table,
  limits: Limits,
): Promise<ColumnTypes> {
  refuseUnknown(spec, table.columns);
  const declared = (name: string) =>
    Object.hasOwn(spec.columns, name) ? spec.columns[name]?.type : undefined;
  const present = table.columns.map(() => 0);
  const numbers = table.columns.map(() => 0);
  let rows = 0;
  // A file that says what its columns hold is read for its number of rows alone.
  for await (const batch of table.rows(table.declared ? () => false : undefined)) {
    rows += batch.length;
    holdTo(limits.rows, rows, "data.file", "or more rows");
    if (table.declared) continue;
    for (const { cells, fault } of batch)
      if (fault === undefined)
        cells.forEach((cell, column) => {
          if (isMissing(cell, "number")) return;
          present[column] = (present[column] ?? 0) + 1;
          if (looksNumeric(cell, table)) numbers[column] = (numbers[column] ?? 0) + 1;
        });
  }
  if (rows === 0) throw faultyData("data.file", "found no rows");
  const types = table.columns.map((name, column) => {
    const [found = 0, all = 0] = [numbers[column], present[column]];
    const inferred = found >= all * numberShare ? "number" : "text";
    return declared(name) ?? (table.declared ? (table.declared[column]?.type ?? "text") : inferred);
  });
  return { types, rows };
}

function looksNumeric(cell: unknown, table: Table): boolean {
  return (table.textHoldsNumbers || typeof cell === "number") && numberIn(cell) !== undefined;
}

/** A column that the spec names and the file lacks is a slip of the pen too. */
function refuseUnknown(
  { label, columns, include, ignore }: RecordsSpec,
  known: readonly string[],
): void {
  const named = {
    "data.label": label === undefined ? [] : [label],
    "data.columns": Object.keys(columns),
    "data.include": include ?? [],
    "data.ignore": ignore,
  };
  for (const [field, names] of Object.entries(named)) {
    const unknown = names.find((name) => !known.includes(name));
    if (unknown === undefined) continue;
    const some = known.slice(0, 20).map((name) => JSON.stringify(name));
    const rest = known.length > some.length ? ` and ${known.length - some.length} more` : "";
    throw faultyData(
      field,
      `the file has no column ${JSON.stringify(unknown)}, wanted one of ${some.join(", ")}${rest}`,
    );
  }
}
