/**
 * Columns that say which rows belong together or come first, for splits. They may be inputs too, or be
 * ignored: a split looks at them, not the model.
 */
import { isMissing, numberIn, showCell, textIn } from "./cell.ts";
import { faultyData } from "./limits.ts";

/** Columns by what they are for, as in the spec's split. */
export interface KeyColumns {
  readonly group?: string | undefined;
  readonly time?: string | undefined;
}

/** What they say of every row. */
export interface RowKeys {
  /** The number of each row's group, counted in the order of their first rows. */
  readonly groups?: Int32Array;
  /** As numbers, or as dates in milliseconds since 1970. */
  readonly times?: Float64Array;
  /** Of a text: its rows are windows. */
  readonly windows?: Windows;
}

/** Row r is the tokens from r * stride on, `width` of them. */
export interface Windows {
  readonly stride: number;
  readonly width: number;
}

/** Takes the keys of rows, one by one. */
export interface KeyReader {
  /** The columns that are looked at. */
  readonly columns: readonly string[];
  /** Why a row has no keys, if it has none. */
  fault(cells: readonly unknown[]): { readonly found: string; readonly column: string } | undefined;
  /** Of a row without a fault. */
  take(cells: readonly unknown[]): void;
  done(): RowKeys;
}

/** @throws DomainError invalid-argument where a column is not there. */
export function keyReader(names: KeyColumns, columns: readonly string[]): KeyReader {
  const group = place("split.group", names.group, columns);
  const time = place("split.time", names.time, columns);
  const numbers = new Map<string, number>();
  const groups: number[] = [];
  const times: number[] = [];
  return {
    columns: [group, time].flatMap((key) => key?.name ?? []),
    fault(cells) {
      if (group && (isMissing(cells[group.at], "text") || textIn(cells[group.at]) === undefined))
        return { found: wanted(cells[group.at], "a group"), column: group.name };
      if (time && timeIn(cells[time.at]) === undefined)
        return { found: wanted(cells[time.at], "a number or a date"), column: time.name };
      return undefined;
    },
    take(cells) {
      if (group) groups.push(numberOf(textIn(cells[group.at]) ?? "", numbers));
      if (time) times.push(timeIn(cells[time.at]) ?? 0);
    },
    done: () => ({
      ...(group && { groups: Int32Array.from(groups) }),
      ...(time && { times: Float64Array.from(times) }),
    }),
  };
}

function place(field: string, name: string | undefined, columns: readonly string[]) {
  if (name === undefined) return undefined;
  const at = columns.indexOf(name);
  if (at < 0) throw faultyData(field, `the file has no column ${JSON.stringify(name)}`);
  return { name, at };
}

function wanted(cell: unknown, what: string): string {
  return `found ${showCell(cell)}, wanted ${what} to split by`;
}

function numberOf(text: string, numbers: Map<string, number>): number {
  const found = numbers.get(text) ?? numbers.size;
  numbers.set(text, found);
  return found;
}

const date = /^(\d{4}[-/]\d\d[-/]\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?))?(Z|[+-]\d\d:\d\d)?$/;

/** When a cell was: a number as it is, an ISO 8601 date, which may have strokes, in milliseconds, in UTC where it does not say. */
export function timeIn(cell: unknown): number | undefined {
  const number = numberIn(cell);
  if (number !== undefined) return number;
  const [, day, time = "00:00", zone = "Z"] = (typeof cell === "string" && date.exec(cell)) || [];
  const found =
    day === undefined ? Number.NaN : Date.parse(`${day.replaceAll("/", "-")}T${time}${zone}`);
  return Number.isNaN(found) ? undefined : found;
}
