/**
 * Arrow IPC, as a file or as a stream: batches of columns, of which one is in memory at a time.
 *
 * A file is a stream between a mark and a list of its batches; it is read as the stream that it is.
 */
import type { ColumnType } from "@amaas/spec";
import {
  CompressionType,
  compressionRegistry,
  DataType,
  RecordBatchReader,
  type Vector,
} from "apache-arrow";
import { chunksOf, type DataFile } from "./data-file.ts";
import { zstd } from "./decompress.ts";
import { faultyData, holdTo, type Limits, soundly } from "./limits.ts";
import { cellOf } from "./parquet-cells.ts";
import {
  batchesOf,
  type DeclaredColumn,
  type Row,
  readable,
  refuseNames,
  type Table,
} from "./table.ts";

/** What a file begins with, padded to eight bytes; a stream has none. */
const mark = "ARROW1";
const msPerDay = 86_400_000;

export async function openArrow(field: string, file: DataFile, limits: Limits): Promise<Table> {
  const zstdCodec = { decode: (bytes: Uint8Array) => zstd(bytes, limits.groupBytes) };
  compressionRegistry.set(CompressionType.ZSTD, zstdCodec);
  const { schema } = await readerOf(field, file);
  const fields = schema.fields.map(({ name, type }) => ({ name, declared: declare(type) }));
  holdTo(limits.columns, fields.length, field, "columns");
  refuseNames(field, fields);
  return {
    columns: fields.map(({ name }) => name),
    textHoldsNumbers: false,
    sparse: false,
    declared: fields.map(({ declared }) => declared),
    rows: (wanted = () => true) => rowsOf(field, file, fields, wanted, limits),
  };
}

type Column = { readonly name: string; readonly declared: DeclaredColumn };

async function* rowsOf(
  field: string,
  file: DataFile,
  columns: readonly Column[],
  wanted: (column: string) => boolean,
  limits: Limits,
): AsyncGenerator<readonly Row[]> {
  const batches = (await readerOf(field, file))[Symbol.asyncIterator]();
  let first = 0;
  for (let index = 0; ; index++) {
    const { value: batch, done } = await soundly(field, `cannot be read at batch ${index}`, () =>
      batches.next(),
    );
    if (done) break;
    const rows: number = batch.numRows;
    holdTo(limits.rows, first + rows, field, "rows");
    const cells: (ArrayLike<unknown> | undefined)[] = [];
    for (const [at, { name, declared }] of columns.entries()) {
      const where = `batch ${index}, column ${JSON.stringify(name)}`;
      const type = wanted(name) ? readable(field, name, declared) : undefined;
      cells.push(
        type &&
          (await soundly(field, `cannot be read at ${where}`, () =>
            takeCells(batch.getChildAt(at), type, rows),
          )),
      );
    }
    yield* batchesOf(rows, cells, first + 1);
    first += rows;
  }
  if (first === 0) throw faultyData(field, "found no rows");
}

function takeCells(column: Vector | null, type: ColumnType, rows: number): ArrayLike<unknown> {
  if (column?.length !== rows) throw new Error(`found ${column?.length ?? 0} rows, wanted ${rows}`);
  // The library answers times in milliseconds, whatever their unit is.
  const scale = isTime(column.type) ? msPerDay : 1;
  return Array.from({ length: rows }, (_, row) => {
    const cell = cellOf(column.get(row), type);
    return typeof cell === "number" && scale !== 1 ? cell / scale : cell;
  });
}

function declare(type: DataType): DeclaredColumn {
  const values: DataType = DataType.isDictionary(type) ? type.dictionary : type;
  return { name: String(type), type: typeOf(values) };
}

function typeOf(type: DataType): ColumnType | undefined {
  if (DataType.isUtf8(type) || DataType.isLargeUtf8(type) || DataType.isUtf8View(type))
    return "text";
  if (DataType.isInt(type) || DataType.isFloat(type) || DataType.isBool(type)) return "number";
  return isTime(type) ? "number" : undefined;
}

function isTime(type: DataType): boolean {
  return DataType.isTimestamp(type) || DataType.isDate(type);
}

async function readerOf(field: string, file: DataFile) {
  const head = Buffer.from(await file.read(0, Math.min(file.bytes, mark.length)));
  const from = head.toString("latin1") === mark ? 8 : 0;
  return soundly(field, "is no Arrow file", async () => {
    const reader = await RecordBatchReader.from(chunksOf(file, Math.min(from, file.bytes)));
    await reader.open();
    if (!reader.schema) throw new Error("it has no schema");
    return reader;
  });
}
