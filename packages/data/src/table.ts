/**
 * A table that is read row by row, as often as needed: first to see what its columns hold, then to
 * take them.
 */
import type { ColumnType } from "@amaas/spec";
import { faultyData } from "./limits.ts";

export interface Row {
  /** Counted from 1, without the header. */
  readonly number: number;
  /** The line of the file that the row ends on, where the format has lines. */
  readonly line?: number;
  /** Of several files, the one that the row is in. */
  readonly file?: string;
  /** One for each column. */
  readonly cells: readonly unknown[];
  /** Why the row is none, whatever its cells. */
  readonly fault?: string;
}

export interface Table {
  readonly columns: readonly string[];
  /** Whether a text that looks like a number is one; formats with numbers of their own say no. */
  readonly textHoldsNumbers: boolean;
  /** Whether a row may lack a column, which is then missing there. */
  readonly sparse: boolean;
  /** What each column holds, where the file itself says so; then nothing is inferred. */
  readonly declared?: readonly DeclaredColumn[];
  /**
   * Rows in batches, since waiting for each would take longer than reading it. Cells of columns that
   * are not wanted may be left out.
   */
  rows(wanted?: (column: string) => boolean): AsyncIterable<readonly Row[]>;
}

export interface DeclaredColumn {
  /** In the file's own words. */
  readonly name: string;
  /** Undefined where it is no column that rows can have, such as a list. */
  readonly type: ColumnType | undefined;
}

/** Rows of a batch. */
const batchRows = 1024;

export async function* inBatches(rows: AsyncIterable<Row> | Iterable<Row>) {
  let batch: Row[] = [];
  for await (const row of rows) {
    batch.push(row);
    if (batch.length < batchRows) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** Batches of the rows `from` 1 whose cells stand in one array for each column. */
export function* batchesOf(
  rows: number,
  columns: readonly (ArrayLike<unknown> | undefined)[],
  firstNumber: number,
): Generator<readonly Row[]> {
  for (let from = 0; from < rows; from += batchRows) {
    const length = Math.min(batchRows, rows - from);
    yield Array.from({ length }, (_, at) => ({
      number: firstNumber + from + at,
      cells: columns.map((cells) => cells?.[from + at]),
    }));
  }
}

/** The type of a column that is wanted. */
export function readable(field: string, name: string, declared: DeclaredColumn): ColumnType {
  if (declared.type !== undefined) return declared.type;
  throw faultyData(
    field,
    `column ${JSON.stringify(name)} holds ${declared.name}, wanted numbers or text; list it in data.ignore`,
  );
}

/** A damaged file may have columns without a name, or two of one. */
export function refuseNames(field: string, columns: readonly { readonly name: unknown }[]): void {
  const seen = new Set<unknown>();
  for (const [index, { name }] of columns.entries()) {
    if (typeof name !== "string") throw faultyData(field, `column ${index + 1} has no name`);
    if (seen.has(name)) throw faultyData(field, `has the column ${JSON.stringify(name)} twice`);
    seen.add(name);
  }
}

/** Names a row for a message: `row 17 (line 18)`, or `part-3.csv row 17`. */
export function nameRow({ number, line, file }: Row): string {
  const place = file === undefined ? "" : `${file} `;
  return line === undefined ? `${place}row ${number}` : `${place}row ${number} (line ${line})`;
}
