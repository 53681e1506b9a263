/**
 * CSV with a header line, quoted as RFC 4180 has it, in UTF-8.
 *
 * A row of the wrong length is a bad row; a broken quote spoils the file, since nobody can tell
 * where the next row begins.
 */
import { Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { CsvError, parse } from "csv-parse";
import { chunksOf, type DataFile } from "./data-file.ts";
import { faultyData, holdTo, type Limits } from "./limits.ts";
import { inBatches, type Row, type Table } from "./table.ts";

interface Line {
  readonly info: { readonly lines: number };
  readonly record: readonly string[];
}

export async function openCsv(field: string, file: DataFile, limits: Limits): Promise<Table> {
  const columns = await headerOf(field, file, limits);
  return {
    columns,
    textHoldsNumbers: true,
    sparse: false,
    rows: () => inBatches(rowsOf(field, file, columns, limits)),
  };
}

async function headerOf(field: string, file: DataFile, limits: Limits) {
  for await (const { record } of linesOf(field, file, limits)) {
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
  file: DataFile,
  columns: readonly string[],
  limits: Limits,
): AsyncGenerator<Row> {
  let number = 0;
  for await (const { info, record: cells } of linesOf(field, file, limits)) {
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

async function* linesOf(field: string, file: DataFile, limits: Limits): AsyncGenerator<Line> {
  const parser = parse({
    bom: true,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: limits.cell * 16,
  });
  const source = Readable.from(utf8(field, file));
  // What the source throws is thrown to whoever reads the lines.
  source.on("error", (error) => parser.destroy(error));
  try {
    for await (const line of source.pipe(parser)) yield line as Line;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw faultyData(field, `line ${Number(error.lines)}: ${error.message}`);
  } finally {
    source.destroy();
  }
}

/** The file as text; others get their turn in between. */
async function* utf8(field: string, file: DataFile): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    for await (const chunk of chunksOf(file)) {
      for (let at = 0; at < chunk.byteLength; at += turnBytes) {
        yield decoder.decode(chunk.subarray(at, at + turnBytes), { stream: true });
        await setImmediate();
      }
    }
    yield decoder.decode();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw faultyData(field, "the file is not UTF-8 text");
  }
}

const turnBytes = 65_536;
