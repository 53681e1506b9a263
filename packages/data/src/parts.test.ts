/** Several files that are one table. */
import { readFileSync } from "node:fs";
import { type ManifestFile, type RecordsSpec, writeManifest } from "@amaas/spec";
import { describe, expect, test } from "vitest";
import { type Dataset, defaultLimits, type Limits, readDataset } from "./index.ts";

const digestOf = (index: number) => `sha256:${String(index).padStart(64, "0")}`;
const fixture = (name: string) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url));

/** The files as one table, in the order in which they stand. */
function read(
  format: RecordsSpec["format"],
  files: Readonly<Record<string, string | Uint8Array>>,
  { limits = {}, ...options }: Partial<RecordsSpec> & { limits?: Partial<Limits> } = {},
): Promise<Dataset> {
  const entries = Object.entries(files).map(([path, text]) => ({ path, bytes: Buffer.from(text) }));
  const listed = entries.map(
    ({ path, bytes }, index): ManifestFile => ({
      path,
      digest: digestOf(index + 1),
      bytes: bytes.length,
    }),
  );
  const blobs = new Map<string, Uint8Array>([
    [digestOf(0), writeManifest(listed)],
    ...entries.map(({ bytes }, index) => [digestOf(index + 1), bytes] as const),
  ]);
  const spec: RecordsSpec = {
    format,
    file: `files:${digestOf(0)}`,
    label: "y",
    columns: {},
    ignore: [],
    onBadRow: "fail",
    ...options,
  };
  const open = async (ref: string) => blobs.get(ref) ?? Buffer.alloc(0);
  return readDataset(spec, "classification", open, { ...defaultLimits, ...limits });
}

function columns(dataset: Dataset): Record<string, unknown[]> {
  const rows = Uint32Array.from({ length: dataset.rows }, (_, row) => row);
  const tensors = Object.entries(dataset.tensors(rows));
  return Object.fromEntries(tensors.map(([name, { data }]) => [name, [...data]]));
}

test("rows follow each other, columns are found by name", async () => {
  const dataset = await read("csv", {
    "1.csv": "a,b,y\n1,u,p\n2,v,q\n",
    "2.csv": "y,b,a\np,w,3\n",
  });
  expect(columns(dataset)).toEqual({ a: [1, 2, 3], b: ["u", "v", "w"] });
});

test("lines of JSON may lack a column in one part or another", async () => {
  const dataset = await read("jsonl", {
    "1.jsonl": '{"a":1,"y":0}\n{"a":2,"y":1}\n',
    "2.jsonl": '{"b":"x","y":0}',
  });
  expect(columns(dataset)).toEqual({ a: [1, 2, Number.NaN], b: ["", "", "x"] });
});

test("a column of numbers is one over all parts", async () => {
  const numbers = `a,y\n${"1,u\n2,v\n".repeat(10)}`;
  await expect(read("csv", { "1.csv": numbers, "2.csv": "a,y\nx,u\n" })).rejects.toThrow(
    'data.file: 1 of 21 rows do not fit: 2.csv row 1 (line 2), column "a": found "x", wanted a number',
  );
});

describe("a bad row in the middle of a part", () => {
  const files = {
    "1.csv": "a,y\n1,u\n2,v\n",
    "2.csv": "a,y\n3,u\n4,v\n5,u\n",
    "3.csv": "a,y\n6,u\n7\n8,v\n",
  };

  test("fails the job by name", async () => {
    await expect(read("csv", files)).rejects.toThrow(
      "data.file: 1 of 8 rows do not fit: 3.csv row 2 (line 3): found 1 cells, wanted 2 as in the header",
    );
  });

  test("or is left out and counted", async () => {
    const dataset = await read("csv", files, { onBadRow: "skip" });
    expect(dataset.skippedRows).toBe(1);
    expect(columns(dataset)).toEqual({ a: [1, 2, 3, 4, 5, 6, 8] });
  });
});

describe("parts that do not go together are refused, naming part and column", () => {
  test.each([
    [
      "a column less",
      { "1.csv": "a,b,y\n1,2,u\n", "2.csv": "a,y\n1,u\n" },
      'data.file: 2.csv has no column "b", which 1.csv has',
    ],
    [
      "a column more",
      { "1.csv": "a,y\n1,u\n", "2.csv": "a,b,y\n1,2,u\n" },
      'data.file: 2.csv has a column "b", which 1.csv does not have',
    ],
    [
      "a broken quote",
      { "1.csv": "a,y\n1,u\n", "2.csv": 'a,y\n"1,u\n' },
      "data.file (2.csv): line 2: Quote Not Closed",
    ],
    [
      "an empty file",
      { "1.csv": "a,y\n1,u\n", "2.csv": "" },
      "data.file (2.csv): the file is empty, wanted a header line",
    ],
  ])("%s", async (_, files, message) => {
    await expect(read("csv", files)).rejects.toThrow(message);
  });

  test.each([
    ["part-without.parquet", '2.parquet has no column "kind", which 1.parquet has'],
    [
      "part-other.parquet",
      '2.parquet, column "count": found STRING (BYTE_ARRAY), wanted INT64 as in 1.parquet',
    ],
  ])("%s", async (name, message) => {
    const files = { "1.parquet": fixture("part.parquet"), "2.parquet": fixture(name) };
    await expect(read("parquet", files)).rejects.toThrow(message);
  });

  test("a part that is cut off", async () => {
    const whole = fixture("part.parquet");
    const files = { "1.parquet": whole, "2.parquet": whole.subarray(0, 500) };
    await expect(read("parquet", files)).rejects.toThrow(
      "data.file (2.parquet): the file is no Parquet file, or the end of one is missing",
    );
  });
});

test("too many files, or a list that is none, are refused", async () => {
  const files = { "1.csv": "a,y\n1,u\n", "2.csv": "a,y\n1,u\n" };
  await expect(read("csv", files, { limits: { files: 1 } })).rejects.toThrow(
    "data.file: found 2 files, wanted at most 1",
  );
  const open = async () => Buffer.from('{"files":[{"path":"a","digest":"/etc/passwd"}]}');
  const spec = {
    format: "csv",
    file: `files:${digestOf(0)}`,
    label: "y",
    columns: {},
    ignore: [],
    onBadRow: "fail",
  } as const;
  await expect(readDataset(spec, "classification", open)).rejects.toThrow(
    "data.file: wanted a list of files, each with path, digest and bytes",
  );
});
