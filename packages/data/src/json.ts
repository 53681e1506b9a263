/**
 * JSON records: an array of objects, or one object in each line.
 *
 * The columns are all the keys that occur; a record without one of them misses that value.
 */
import { refuseJsonBomb } from "./json-bomb.ts";
import { faultyData, holdTo, type Limits } from "./limits.ts";
import type { Row, Table } from "./table.ts";

type Item = Omit<Row, "cells"> & { readonly value: unknown };

export function openJson(field: string, bytes: Uint8Array, limits: Limits): Table {
  holdTo(limits.jsonBytes, bytes.byteLength, field, "bytes");
  refuseJsonBomb(field, bytes, limits);
  const text = decode(field, bytes).trim();
  const items = text.startsWith("[") ? itemsOfArray(field, text) : itemsOfLines(field, text);
  const columns = new Set<string>();
  for (const { value } of items) {
    if (isObject(value)) for (const key of Object.keys(value)) columns.add(key);
    holdTo(limits.columns, columns.size, field, "columns");
  }
  const names = [...columns];
  return {
    columns: names,
    textHoldsNumbers: false,
    rows: async function* () {
      for (const item of items) yield rowOf(item, names);
    },
  };
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
  const parsed = parse(text);
  if (parsed instanceof SyntaxError)
    throw faultyData(field, `the file is no JSON: ${parsed.message}`);
  if (!Array.isArray(parsed)) throw faultyData(field, "the file is no array of objects");
  return parsed.map((value: unknown, index) => ({ number: index + 1, value }));
}

function itemsOfLines(field: string, text: string): Item[] {
  const items: Item[] = [];
  for (const { line, source } of linesOf(text)) {
    const value = parse(source);
    const broken = value instanceof SyntaxError;
    // Nothing that was meant to be lines of objects begins with a line that is none.
    if (items.length === 0 && (broken || !isObject(value))) break;
    const place = { number: items.length + 1, line, value };
    items.push(broken ? { ...place, fault: `is no JSON: ${value.message}` } : place);
  }
  if (items.length === 0)
    throw faultyData(field, "wanted an array of objects, or an object in each line");
  return items;
}

/** The lines that are not blank, counted from 1 with those that are. */
function* linesOf(text: string): Generator<{ readonly line: number; readonly source: string }> {
  let line = 0;
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf("\n", from);
    const source = text.slice(from, end < 0 ? text.length : end).trim();
    line++;
    if (source !== "") yield { line, source };
    from = end < 0 ? text.length : end + 1;
  }
}

/** The value, or the error that there is none. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return error;
  }
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
