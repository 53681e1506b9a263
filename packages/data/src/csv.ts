/**
 * CSV with a header line, quoted as RFC 4180 has it, in UTF-8.
 *
 * A row of the wrong length is a bad row; a broken quote spoils the file, since nobody can tell
 * where the next row begins.
 */
import { isUtf8 } from "node:buffer";
import { Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { CsvError, parse } from "csv-parse";
import { faultyData, holdTo, type Limits } from "./limits.ts";
import type { Row, Table } from "./table.ts";

const chunkBytes = 65_536;

interface Line {
  readonly info: { readonly lines: number };
  readonly record: readonly string[];
}

export async function openCsv(field: string, bytes: Uint8Array, limits: Limits): Promise<Table> {
  holdTo(limits.csvBytes, bytes.byteLength, field, "bytes");
  if (!isUtf8(bytes)) throw faultyData(field, "the file is not UTF-8 text");
  const columns = await headerOf(field, bytes, limits);
  return { columns, textHoldsNumbers: true, rows: () => rowsOf(field, bytes, columns, limits) };
}

async function headerOf(field: string, bytes: Uint8Array, limits: Limits) {
  for await (const { record } of linesOf(field, bytes, limits)) {
    holdTo(limits.columns, record.length, field, "columns");
    const twice = record.find((name, index) => record.indexOf(name) !== index);
    if (twice !== undefined)
      throw faultyData(field, `the header names the column ${JSON.stringify(twice)} twice`);
    return record;
  }
  throw faultyData(field, "the file is empty, wanted a header line");
}

async function* rowsOf(
  field: string,
  bytes: Uint8Array,
  columns: readonly string[],
  limits: Limits,
): AsyncGenerator<Row> {
  let number = 0;
  for await (const { info, record: cells } of linesOf(field, bytes, limits)) {
    // The header is row 0.
    if (number > 0) {
      const row = { number, line: info.lines, cells };
      yield cells.length === columns.length ? row : { ...row, fault: wrongLength(cells, columns) };
    }
    number++;
  }
}

function wrongLength(cells: readonly string[], columns: readonly string[]): string {
  return `found ${cells.length} cells, wanted ${columns.length} as in the header`;
}

async function* linesOf(field: string, bytes: Uint8Array, limits: Limits): AsyncGenerator<Line> {
  const parser = parse({
    bom: true,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: limits.cell * 16,
  });
  try {
    for await (const line of Readable.from(chunksOf(bytes)).pipe(parser)) yield line as Line;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw faultyData(field, `line ${Number(error.lines)}: ${error.message}`);
  }
}

/** In pieces, so that a long file neither becomes rows all at once nor keeps others from their turn. */
async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += chunkBytes) {
    yield bytes.subarray(at, at + chunkBytes);
    await setImmediate();
  }
}
