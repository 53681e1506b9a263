/** Parquet and Arrow as pyarrow writes them, whole, damaged and hostile. */
import { readFileSync } from "node:fs";
import { isDomainError } from "@amaas/errors";
import type { RecordsSpec } from "@amaas/spec";
import { describe, expect, test } from "vitest";
import { type DataFile, type Dataset, defaultLimits, type Limits, readDataset } from "./index.ts";

const fixture = (name: string) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url));
const expected: Readonly<Record<string, readonly (number | string | null)[]>> = JSON.parse(
  fixture("expected.json").toString(),
);

const parquet: RecordsSpec = {
  format: "parquet",
  file: "x",
  label: "y",
  columns: {},
  ignore: ["tags"],
  onBadRow: "fail",
};
const arrow: RecordsSpec = { ...parquet, format: "arrow" };

function read(
  spec: RecordsSpec,
  file: Uint8Array | DataFile,
  limits: Partial<Limits> = {},
): Promise<Dataset> {
  return readDataset(spec, "classification", async () => file, { ...defaultLimits, ...limits });
}

function columns(dataset: Dataset): Record<string, unknown[]> {
  const rows = Uint32Array.from({ length: dataset.rows }, (_, row) => row);
  const tensors = Object.entries(dataset.tensors(rows));
  return Object.fromEntries(tensors.map(([name, { data }]) => [name, [...data]]));
}

/** As the tensors of a data set have them: float32, NaN where missing. */
function wanted(...without: readonly string[]): Record<string, unknown[]> {
  const kept = Object.entries(expected).filter(([name]) => name !== "y" && !without.includes(name));
  return Object.fromEntries(
    kept.map(([name, cells]) => [
      name,
      cells.map((cell) => (typeof cell === "string" ? cell : Math.fround(cell ?? Number.NaN))),
    ]),
  );
}

const classes = (dataset: Dataset) => {
  const { labels } = dataset;
  return labels.kind === "class" ? [...labels.values].map((index) => labels.classes[index]) : [];
};

describe("Parquet", () => {
  test.each(["none", "snappy", "gzip", "brotli", "zstd", "lz4", "pages"])(
    "%s: every cell is what the writer put in",
    async (name) => {
      const dataset = await read(parquet, fixture(`${name}.parquet`));
      expect(columns(dataset)).toEqual(wanted());
      expect(classes(dataset)).toEqual(expected.y);
    },
  );

  test("of columns that are not wanted no byte is read", async () => {
    const bytes = fixture("none.parquet");
    let largest = 0;
    let total = 0;
    const file: DataFile = {
      bytes: bytes.length,
      async read(from, to) {
        // The end of the file tells what is where.
        if (to < bytes.length) {
          largest = Math.max(largest, to - from);
          total += to - from;
        }
        return bytes.subarray(from, to);
      },
    };
    const narrow = await read({ ...parquet, ignore: [], include: ["count"] }, file);
    expect(Object.keys(columns(narrow))).toEqual(["count"]);
    const narrowTotal = total;
    total = 0;
    await read(parquet, file);
    expect(narrowTotal).toBeGreaterThan(0);
    expect(narrowTotal).toBeLessThan(total / 2);
  });

  test("the spec says what a column is, too", async () => {
    const typed = { ...parquet, columns: { count: { type: "text" } } } as const;
    const { count } = columns(await read(typed, fixture("none.parquet")));
    expect(count).toEqual(expected.count?.map((cell) => (cell === null ? "" : String(cell))));
  });

  test("a list is no column, unless nobody wants it", async () => {
    await expect(read({ ...parquet, ignore: [] }, fixture("none.parquet"))).rejects.toThrow(
      'data.file: column "tags" holds a nested LIST, wanted numbers or text; list it in data.ignore',
    );
  });

  test("cut off anywhere, a file is refused and named", async () => {
    const bytes = fixture("zstd.parquet");
    for (let length = 0; length < bytes.length; length += 61)
      await expect(read(parquet, bytes.subarray(0, length)), `${length} bytes`).rejects.toThrow(
        "data.file: the file is no Parquet file, or the end of one is missing",
      );
  });

  test("a page that is damaged is named by its rows and column", async () => {
    const bytes = Buffer.from(fixture("gzip.parquet"));
    // The first column's first page begins behind the mark; its header takes some 30 bytes.
    bytes.fill(0xff, 40, 80);
    await expect(read(parquet, bytes)).rejects.toThrow(
      'cannot be read at rows 1 to 12 (row group 0), column "count"',
    );
  });

  test("any byte may be wrong: the file is read or refused, never worse", async () => {
    const bytes = fixture("snappy.parquet");
    for (let at = 0; at < bytes.length; at += 3) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ 0xa5;
      const outcome = await read(parquet, damaged).catch((error: unknown) => error);
      if (outcome instanceof Error)
        expect(isDomainError(outcome, "invalid-argument"), `byte ${at}: ${outcome}`).toBe(true);
    }
  });

  test("what would unfold beyond the limit is refused before it does", async () => {
    const spec = { ...parquet, ignore: [] };
    await expect(read(spec, fixture("bomb.parquet"), { groupBytes: 1 << 20 })).rejects.toThrow(
      /found 2000\d\d\d bytes in a column of a row group, wanted at most 1048576/,
    );
    await expect(read(spec, fixture("bomb.parquet"))).rejects.toThrow(
      'row 1, column "text": found 1000000 characters, wanted at most 65536',
    );
  });
});

describe("Arrow", () => {
  test.each(["file", "stream", "dictionary", "zstd"])(
    "%s: every cell is what the writer put in",
    async (name) => {
      const dataset = await read(arrow, fixture(`${name}.arrow`));
      expect(columns(dataset)).toEqual(wanted("price"));
      expect(classes(dataset)).toEqual(expected.y);
    },
  );

  test("a compression that is not known is named", async () => {
    await expect(read(arrow, fixture("lz4.arrow"))).rejects.toThrow(
      "data.file: the file cannot be read at batch 0: Record batch is compressed but codec not found",
    );
  });

  test("cut off anywhere, a file is refused", async () => {
    const bytes = fixture("file.arrow");
    // What follows the last batch is a list of where they are, which is not needed.
    const end = bytes.length - 1500;
    for (let length = 0; length < end; length += 61)
      await expect(read(arrow, bytes.subarray(0, length)), `${length} bytes`).rejects.toThrow(
        /data\.file/,
      );
  });
});
