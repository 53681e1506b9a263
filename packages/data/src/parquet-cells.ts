/**
 * What the values of a Parquet column become: numbers or texts. Times are days since 1970, so that
 * their order and distance are kept; true is 1.
 */
import type { ColumnType } from "@amaas/spec";
import type { DecodedArray, ParquetParsers, SchemaElement } from "hyparquet";
import type { DeclaredColumn } from "./table.ts";

const msPerDay = 86_400_000;

/** Times as days; what JSON there is stays text. */
export const parsers: Partial<ParquetParsers> = {
  timestampFromMilliseconds: (millis) => Number(millis) / msPerDay,
  timestampFromMicroseconds: (micros) => Number(micros) / (msPerDay * 1e3),
  timestampFromNanoseconds: (nanos) => Number(nanos) / (msPerDay * 1e6),
  dateFromDays: (days) => days,
  jsonFromBytes: (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes),
};

const physical: { readonly [type: string]: ColumnType } = {
  BOOLEAN: "number",
  INT32: "number",
  INT64: "number",
  INT96: "number",
  FLOAT: "number",
  DOUBLE: "number",
  BYTE_ARRAY: "text",
};

/** Kinds of values that are neither, whatever they are stored as. */
const unreadable: ReadonlySet<string> = new Set([
  "BSON",
  "INTERVAL",
  "GEOMETRY",
  "GEOGRAPHY",
  "VARIANT",
  "LIST",
  "MAP",
]);

export function declare(element: SchemaElement, nested: boolean): DeclaredColumn {
  const { type = "a group", converted_type, logical_type, repetition_type } = element;
  const kind: string | undefined = logical_type?.type ?? converted_type;
  const name = kind === undefined ? type : `${kind} (${type})`;
  const none = nested || repetition_type === "REPEATED" || unreadable.has(kind ?? "");
  return {
    name: nested ? `a nested ${kind ?? "group"}` : name,
    type: none ? undefined : typeOf(type, kind),
  };
}

function typeOf(type: string, kind: string | undefined): ColumnType | undefined {
  if (kind === "DECIMAL" || kind === "FLOAT16") return "number";
  return kind === "UUID" ? "text" : physical[type];
}

/** Values as cells; null, undefined and NaN are missing. */
export function cellsOf(values: DecodedArray, type: ColumnType): ArrayLike<unknown> {
  // Whole numbers beyond 2^53 would lose digits that text keeps.
  if (values instanceof BigInt64Array || values instanceof BigUint64Array || Array.isArray(values))
    return Array.from(values as ArrayLike<unknown>, (value) => cellOf(value, type));
  return Array.from(values as ArrayLike<number>, (value) => cellOf(value, type));
}

/** One value of a typed file as a cell. */
export function cellOf(value: unknown, type: ColumnType): unknown {
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "boolean") return type === "number" ? Number(value) : value;
  return typeof value === "number" && Number.isNaN(value) ? null : value;
}
