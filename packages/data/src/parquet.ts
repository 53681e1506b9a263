/**
 * Parquet: columns in groups of rows, of which one group is in memory at a time, and of its columns
 * those that are wanted.
 *
 * A file or group that is damaged spoils the data set, since nobody can tell which rows are right.
 */
import {
  type AsyncBuffer,
  type DecodedArray,
  type FileMetaData,
  parquetMetadataAsync,
  parquetScan,
  parquetSchema,
} from "hyparquet";
import type { DataFile } from "./data-file.ts";
import { decompressors } from "./decompress.ts";
import { faultyData, holdTo, type Limits, soundly } from "./limits.ts";
import { cellsOf, declare, parsers } from "./parquet-cells.ts";
import {
  batchesOf,
  type DeclaredColumn,
  type Row,
  readable,
  refuseNames,
  type Table,
} from "./table.ts";

/** A column of a file, and how its values become cells. */
interface Column {
  readonly name: string;
  readonly declared: DeclaredColumn;
}

export async function openParquet(field: string, file: DataFile, limits: Limits): Promise<Table> {
  const buffer = asyncBufferOf(file);
  const metadata = await soundly(field, "is no Parquet file, or the end of one is missing", () =>
    parquetMetadataAsync(buffer, { parsers, geoparquet: false }),
  );
  checkGroups(field, metadata, limits);
  const columns = parquetSchema(metadata).children.map(
    ({ element, children }): Column => ({
      name: element.name,
      declared: declare(element, children.length > 0),
    }),
  );
  holdTo(limits.columns, columns.length, field, "columns");
  refuseNames(field, columns);
  return {
    columns: columns.map(({ name }) => name),
    textHoldsNumbers: false,
    sparse: false,
    declared: columns.map(({ declared }) => declared),
    rows: (wanted = () => true) => rowsOf({ field, buffer, metadata, columns, limits }, wanted),
  };
}

interface Opened {
  readonly field: string;
  readonly buffer: AsyncBuffer;
  readonly metadata: FileMetaData;
  readonly columns: readonly Column[];
  readonly limits: Limits;
}

async function* rowsOf(
  { field, buffer, metadata, columns, limits }: Opened,
  wanted: (column: string) => boolean,
): AsyncGenerator<readonly Row[]> {
  const compressors = decompressors(limits.groupBytes);
  let first = 0;
  for (const [group, { num_rows }] of metadata.row_groups.entries()) {
    const rows = Number(num_rows);
    const range = { rowStart: first, rowEnd: first + rows };
    const read = async ({ name, declared }: Column): Promise<ArrayLike<unknown> | undefined> => {
      if (!wanted(name)) return undefined;
      const type = readable(field, name, declared);
      const where = `rows ${first + 1} to ${first + rows} (row group ${group}), column ${JSON.stringify(name)}`;
      // A scan of its own, so that nothing of the group before is kept.
      const scan = {
        file: buffer,
        metadata,
        columns: [name],
        compressors,
        parsers,
        geoparquet: false,
        useOffsetIndex: false,
      };
      const values: DecodedArray = await soundly(field, `cannot be read at ${where}`, async () =>
        (await parquetScan(scan)).readColumn({ column: name, ...range }),
      );
      if (values.length !== rows)
        throw faultyData(field, `cannot be read at ${where}: found ${values.length} values`);
      return cellsOf(values, type);
    };
    const cells: (ArrayLike<unknown> | undefined)[] = [];
    for (const column of columns) cells.push(await read(column));
    yield* batchesOf(rows, cells, first + 1);
    first += rows;
  }
}

/** What a group says of itself is what it will take in memory, so it is judged before it is read. */
function checkGroups(field: string, { row_groups }: FileMetaData, limits: Limits): void {
  let rows = 0;
  for (const group of row_groups) {
    rows += Number(group.num_rows);
    holdTo(limits.rows, rows, field, "rows");
    for (const { meta_data } of group.columns) {
      const claimed = [meta_data?.total_uncompressed_size, meta_data?.total_compressed_size];
      for (const bytes of claimed)
        holdTo(limits.groupBytes, Number(bytes ?? 0), field, "bytes in a column of a row group");
    }
  }
}

function asyncBufferOf(file: DataFile): AsyncBuffer {
  return {
    byteLength: file.bytes,
    async slice(start, end = file.bytes) {
      const from = Math.max(0, start);
      if (from > end || end > file.bytes)
        throw new RangeError(`bytes ${start} to ${end} are not in the file of ${file.bytes}`);
      return new Uint8Array(await file.read(from, end)).buffer;
    },
  };
}
