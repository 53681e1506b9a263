/**
 * JSON records: an array of objects, or one object in each line.
 *
 * The columns are all the keys that occur; a record without one of them misses that value. An array
 * is read whole, and so bounded in size; lines are read one by one.
 */
import { type DataFile, wholeFile } from "./data-file.ts";
import { refuseJsonBomb } from "./json-bomb.ts";
import { linesOf, parseJson } from "./json-lines.ts";
import { faultyData, holdTo, type Limits } from "./limits.ts";
import { inBatches, type Row, type Table } from "./table.ts";

type Item = Omit<Row, "cells"> & { readonly value: unknown };

/** An array of objects, or lines of them. */
export async function openJson(field: string, file: DataFile, limits: Limits): Promise<Table> {
  const begin = new TextDecoder().decode(await file.read(0, Math.min(file.bytes, 4096)));
  if (!begin.trimStart().startsWith("[")) return openJsonLines(field, file, limits);
  holdTo(limits.jsonBytes, file.bytes, field, "bytes");
  const bytes = await wholeFile(file);
  refuseJsonBomb(field, bytes, limits);
  const items = itemsOfArray(field, decode(field, bytes).trim());
  return tableOf(
    field,
    async function* () {
      yield* items;
    },
    limits,
  );
}

/** One object in each line. */
export function openJsonLines(field: string, file: DataFile, limits: Limits): Promise<Table> {
  return tableOf(field, () => itemsOfLines(field, file, limits), limits);
}

async function tableOf(
  field: string,
  items: () => AsyncIterable<Item>,
  limits: Limits,
): Promise<Table> {
  const columns = new Set<string>();
  for await (const { value } of items()) {
    if (isObject(value)) for (const key of Object.keys(value)) columns.add(key);
    holdTo(limits.columns, columns.size, field, "columns");
  }
  const names = [...columns];
  const rows = async function* () {
    for await (const item of items()) yield rowOf(item, names);
  };
  return { columns: names, textHoldsNumbers: false, sparse: true, rows: () => inBatches(rows()) };
}

function rowOf({ value, ...item }: Item, columns: readonly string[]): Row {
  if (item.fault !== undefined) return { ...item, cells: [] };
  if (!isObject(value)) return { ...item, cells: [], fault: "found no object, wanted one" };
  return {
    ...item,
    cells: columns.map((name) => (Object.hasOwn(value, name) ? value[name] : undefined)),
  };
}

function itemsOfArray(field: string, text: string): Item[] {
  const parsed = parseJson(text);
  if (parsed instanceof SyntaxError)
    throw faultyData(field, `the file is no JSON: ${parsed.message}`);
  if (!Array.isArray(parsed)) throw faultyData(field, "the file is no array of objects");
  return parsed.map((value: unknown, index) => ({ number: index + 1, value }));
}

async function* itemsOfLines(field: string, file: DataFile, limits: Limits): AsyncGenerator<Item> {
  let number = 0;
  for await (const { line, value } of linesOf(field, file, limits)) {
    const broken = value instanceof SyntaxError;
    // Nothing that was meant to be lines of objects begins with a line that is none.
    if (number === 0 && (broken || !isObject(value))) break;
    number++;
    const place = { number, line, value };
    yield broken ? { ...place, fault: `is no JSON: ${value.message}` } : place;
  }
  if (number === 0)
    throw faultyData(field, "wanted an array of objects, or an object in each line");
}

function decode(field: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw faultyData(field, "the file is not UTF-8 text");
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
