import type { RecordsSpec, Task } from "@amaas/spec";
import { describe, expect, test } from "vitest";
import { type Dataset, defaultLimits, type Limits, readDataset } from "./index.ts";

const csv: RecordsSpec = {
  format: "csv",
  file: "x.csv",
  label: "y",
  columns: {},
  ignore: [],
  onBadRow: "fail",
};
const json: RecordsSpec = { ...csv, format: "json", file: "x.json" };

interface Options extends Partial<RecordsSpec> {
  readonly task?: Task;
  readonly limits?: Partial<Limits>;
}

function read(
  base: RecordsSpec,
  text: string | Uint8Array,
  options: Options = {},
): Promise<Dataset> {
  const { task = "classification", limits, ...spec } = options;
  return readDataset({ ...base, ...spec }, task, async () => Buffer.from(text), {
    ...defaultLimits,
    ...limits,
  });
}

const all = ({ rows }: Dataset) => Uint32Array.from({ length: rows }, (_, row) => row);

/** Every column as a plain list. */
function columns(dataset: Dataset): Record<string, unknown[]> {
  const tensors = Object.entries(dataset.tensors(all(dataset)));
  return Object.fromEntries(tensors.map(([name, { data }]) => [name, [...data]]));
}

describe("CSV", () => {
  test("becomes an input for each column and a class for each row", async () => {
    const dataset = await read(
      csv,
      'size,island,y\n1.5,Dream,b\n-2e3,"Big, ""old""",a\n.5,Dream,b\n',
    );
    expect(dataset.inputs).toEqual([
      { name: "size", datatype: "FP32", shape: [-1, 1] },
      { name: "island", datatype: "BYTES", shape: [-1, 1] },
    ]);
    expect(columns(dataset)).toEqual({
      size: [1.5, -2000, 0.5],
      island: ["Dream", 'Big, "old"', "Dream"],
    });
    expect(dataset.labels).toEqual({
      kind: "class",
      classes: ["a", "b"],
      values: Int32Array.of(1, 0, 1),
    });
    expect(dataset).toMatchObject({ source: "columns", rows: 3, skippedRows: 0 });
  });

  test("hands out the rows that are asked for, in their order", async () => {
    const dataset = await read(csv, "a,t,y\n1,x,0\n2,y,1\n3,z,0\n");
    expect(dataset.tensors(Uint32Array.of(2, 0, 2))).toEqual({
      a: { type: "FP32", shape: [3, 1], data: Float32Array.of(3, 1, 3) },
      t: { type: "BYTES", shape: [3, 1], data: ["z", "x", "z"] },
    });
  });

  test("may have a mark of byte order, other line ends, blank lines and none at the end", async () => {
    const dataset = await read(csv, "\uFEFFa,y\r\n1,u\r\n\r\n2,v");
    expect(columns(dataset)).toEqual({ a: [1, 2] });
  });

  test("of any length keeps its letters whole", async () => {
    const texts = Array.from({ length: 20_000 }, (_, row) => "xé€😀".slice(row % 3) + row);
    const dataset = await read(
      csv,
      `t,y\n${texts.map((text, row) => `${text},${row % 2}`).join("\n")}`,
    );
    expect(columns(dataset)).toEqual({ t: texts });
  });

  test("spells missing values in many ways", async () => {
    const spellings = ["", "NA", "N/A", "n/a", "<NA>", "#N/A", "NaN", "nan", "NULL", "null"];
    const lines = spellings.map((spelling) => `${spelling},${spelling},u`);
    const dataset = await read(csv, `a,t,y\n1,x,v\n${lines.join("\n")}\n`);
    expect(columns(dataset)).toEqual({
      a: [1, ...spellings.map(() => Number.NaN)],
      t: ["x", ...spellings.map(() => "")],
    });
  });

  test("keeps text as it stands, blanks and all; around numbers they mean nothing", async () => {
    const dataset = await read(csv, "t,n,y\n x , 1,u\nInfinity, NA ,v\n NA ,  ,u\n0x10,-2 ,v\n");
    expect(columns(dataset)).toEqual({
      t: [" x ", "Infinity", " NA ", "0x10"],
      n: [1, Number.NaN, Number.NaN, -2],
    });
  });

  test("has columns of the type that the spec says", async () => {
    const dataset = await read(csv, "zip,n,y\n01234,1,u\n99999,x,v\n", {
      columns: { zip: { type: "text" }, n: { type: "text" } },
    });
    expect(columns(dataset)).toEqual({ zip: ["01234", "99999"], n: ["1", "x"] });
  });

  test("may call a column as the model of another task calls its answer", async () => {
    const dataset = await read(csv, "embedding,error,y\n1,2,a\n3,4,b\n");
    expect(columns(dataset)).toEqual({ embedding: [1, 3], error: [2, 4] });
  });

  test("leaves out what the spec ignores, even a column without a name", async () => {
    const dataset = await read(csv, ",a,id,y\n0,1,77,u\n1,2,78,v\n", { ignore: ["", "id"] });
    expect(columns(dataset)).toEqual({ a: [1, 2] });
  });

  test("has whole numbers as classes, sorted by size, or as text if the spec says so", async () => {
    const text = "a,y\n1,10\n2,9\n3,-1\n";
    expect((await read(csv, text)).labels).toEqual({
      kind: "class",
      classes: [-1, 9, 10],
      values: Int32Array.of(2, 1, 0),
    });
    const { labels } = await read(csv, text, { columns: { y: { type: "text" } } });
    expect(labels).toMatchObject({ classes: ["-1", "10", "9"] });
  });

  test("keeps apart classes that float32 would not", async () => {
    const { labels } = await read(csv, "a,y\n1,16777216\n2,16777217\n");
    expect(labels).toMatchObject({ classes: [16777216, 16777217] });
  });

  test("has numbers as labels of a regression", async () => {
    const { labels } = await read(csv, "a,y\n1,0.5\n2,-3\n", { task: "regression" });
    expect(labels).toEqual({ kind: "value", values: Float32Array.of(0.5, -3) });
  });
});

describe("JSON", () => {
  test("is an array of objects; a key that is absent is missing", async () => {
    const dataset = await read(
      json,
      JSON.stringify([
        { a: 1, t: "x", y: "u" },
        { a: null, t: null, y: "v", late: true },
        { y: "u", late: false, a: 3 },
      ]),
    );
    expect(columns(dataset)).toEqual({
      a: [1, Number.NaN, 3],
      t: ["x", "", ""],
      late: ["", "true", "false"],
    });
  });

  test("keeps text that looks like numbers as text, unless told otherwise", async () => {
    const text = '[{"a":"01","y":"u"},{"a":"2","y":"v"}]';
    expect(columns(await read(json, text))).toEqual({ a: ["01", "2"] });
    expect(columns(await read(json, text, { columns: { a: { type: "number" } } }))).toEqual({
      a: [1, 2],
    });
  });

  test("may be one object in each line", async () => {
    const dataset = await read(json, '{"a":1,"y":"u"}\n\n{"a":2,"y":"v"}\n');
    expect(columns(dataset)).toEqual({ a: [1, 2] });
  });

  test("may have brackets, quotes and escapes in its texts", async () => {
    const text = ["[".repeat(99), '"{'.repeat(99), "\\", 'x\\"'].map((t) => ({
      t,
      y: t.length % 2,
    }));
    const dataset = await read(json, JSON.stringify(text));
    expect(columns(dataset)).toEqual({ t: text.map(({ t }) => t) });
  });

  test("may use names that objects have by birth", async () => {
    const text = '[{"__proto__":1,"constructor":"x","y":"u"},{"y":"v"}]';
    const dataset = await read(json, text);
    expect(dataset.inputs.map(({ name }) => name)).toEqual(["__proto__", "constructor"]);
    expect(dataset.tensors(all(dataset)).constructor).toMatchObject({ data: ["x", ""] });
  });
});

describe("bad rows", () => {
  const rows = Array.from({ length: 30 }, (_, row) => `${row},${row % 2}`);

  test("are all named, with row, line and column", async () => {
    const bad = rows.with(4, "four,0").with(7, "7,").with(9, "9,1,extra").with(20, "20,u");
    await expect(read(csv, `a,y\n\n${bad.join("\n")}`)).rejects.toMatchObject({
      code: "invalid-argument",
      message: expect.stringContaining("data.file: 4 of 30 rows do not fit: row 5"),
      violations: [
        {
          field: "data.file",
          description:
            'row 5 (line 7), column "a": found "four", wanted a number in the range of float32 (or declare the column as text)',
        },
        { field: "data.file", description: 'row 8 (line 10), column "y": the label is missing' },
        {
          field: "data.file",
          description: "row 10 (line 12): found 3 cells, wanted 2 as in the header",
        },
        {
          field: "data.file",
          description: expect.stringContaining('row 21 (line 23), column "y": found "u", wanted'),
        },
      ],
    });
  });

  test("are skipped and counted if the spec says so", async () => {
    const bad = rows.with(4, "four,0").with(9, "9,").with(29, "9");
    const dataset = await read(csv, `a,y\n${bad.join("\n")}`, { onBadRow: "skip" });
    expect(dataset).toMatchObject({ rows: 27, skippedRows: 3 });
    const { a } = columns(dataset);
    expect(a).toEqual([...rows.keys()].filter((row) => ![4, 9, 29].includes(row)));
    expect(dataset.labels).toMatchObject({
      values: Int32Array.from(a ?? [], (value) => Number(value) % 2),
    });
  });

  test("cannot be all there is, even if they are skipped", async () => {
    await expect(read(csv, "a,y\n1,\n2,\n", { onBadRow: "skip" })).rejects.toThrow("2 of 2 rows");
  });

  test("of JSON are items that are no objects, or no cells", async () => {
    const text =
      '[{"a":"x","y":1},{"a":{"b":1},"y":2},7,{"a":"x","y":[2]},{"a":"x","y":1.5},{"a":"x","y":2}]';
    const columnTypes = { y: { type: "number" } } as const;
    const dataset = await read(json, text, { onBadRow: "skip", columns: columnTypes });
    expect(dataset).toMatchObject({ rows: 2, skippedRows: 4 });
    await expect(read(json, text, { columns: columnTypes })).rejects.toMatchObject({
      violations: [
        { description: 'row 2, column "a": found an object, wanted a text' },
        { description: "row 3: found no object, wanted one" },
        { description: expect.stringContaining('row 4, column "y": found a list') },
        {
          description: expect.stringContaining(
            'row 5, column "y": found 1.5, wanted a whole number',
          ),
        },
      ],
    });
  });

  test("of JSON lines are lines that are no JSON", async () => {
    const text = '{"a":1,"y":"u"}\n{"a":\n{"a":2,"y":"v"}\n';
    await expect(read(json, text)).rejects.toThrow("row 2 (line 2): is no JSON");
    expect(await read(json, text, { onBadRow: "skip" })).toMatchObject({ rows: 2, skippedRows: 1 });
  });

  test("of a thousand are told in a few words", async () => {
    const text = `a,y\n${"1,u\n2,v\n".repeat(5)}${"1,\n".repeat(1000)}`;
    const refused = expect(read(csv, text)).rejects;
    await refused.toMatchObject({
      violations: { length: 10 },
      message: expect.stringContaining("and 990 more"),
    });
  });
});

describe("data that cannot be learned from is refused", () => {
  test.each([
    ["empty", csv, "", {}, "the file is empty"],
    ["a header alone", csv, "a,y\n", {}, "found no rows"],
    [
      "no label column",
      csv,
      "a,b\n1,2\n",
      {},
      'the file has no column "y", wanted one of "a", "b"',
    ],
    [
      "a misspelt column",
      csv,
      "a,y\n1,2\n",
      { ignore: ["aa"] },
      'data.ignore: the file has no column "aa"',
    ],
    ["a column twice", csv, "a,a,y\n1,2,3\n", {}, 'the column "a" twice'],
    ["a column without a name", csv, ",y\n1,u\n2,v\n", {}, 'column 1 is called ""'],
    ["a reserved name", csv, "features,y\n1,u\n2,v\n", {}, 'column 1 is called "features"'],
    ["an answer's name", csv, "label,y\n1,u\n2,v\n", {}, 'column 1 is called "label"'],
    ["nothing but labels", csv, "y\nu\nv\n", {}, 'no column besides "y"'],
    ["one class", csv, "a,y\n1,u\n2,u\n", {}, "found 1 class"],
    ["text as value", csv, "a,y\n1,u\n2,v\n", { task: "regression" }, 'the column "y" holds text'],
    ["a broken quote", csv, 'a,y\n1,u\n"2"x,v\n', {}, "data.file: line 3: "],
    ["an open quote", csv, 'a,y\n1,u\n"2,v\n', {}, "data.file: line "],
    [
      "other encodings",
      csv,
      Uint8Array.of(0x61, 0x2c, 0x79, 0x0a, 0xff, 0x2c, 0x31),
      {},
      "not UTF-8",
    ],
    ["other encodings of JSON", json, Uint8Array.of(0x5b, 0xff), {}, "not UTF-8"],
    ["no JSON", json, "[{", {}, "the file is no JSON"],
    ["a single object over lines", json, '{\n"a": 1\n}', {}, "wanted an array of objects"],
    ["text", json, "hello", {}, "wanted an array of objects"],
    ["an empty array", json, "[]", {}, 'no column "y"'],
    [
      "too many cells",
      csv,
      "a,y\n1,u\n",
      { limits: { cells: 1 } },
      "found 2 cells, wanted at most 1",
    ],
    ["too many bytes of JSON", json, "[{}]", { limits: { jsonBytes: 3 } }, "found 4 bytes"],
    ["nested JSON", json, "[".repeat(1e6), {}, "nesting deeper than 32"],
    ["nested lines", json, `{"a":${"[".repeat(40)}`, {}, "nesting deeper than 32"],
    [
      "many objects",
      json,
      `[${"{},".repeat(9)}{}]`,
      { limits: { rows: 9 } },
      "found 11 arrays and objects",
    ],
    ["too many rows", csv, "a,y\n1,u\n2,v\n", { limits: { rows: 1 } }, "wanted at most 1"],
    ["too many columns", csv, "a,b,y\n", { limits: { columns: 2 } }, "found 3 columns"],
    ["too many keys", json, '[{"a":1},{"b":1}]', { limits: { columns: 1 } }, "found 2 columns"],
    ["too many classes", csv, "a,y\n1,u\n2,v\n", { limits: { classes: 1 } }, "found 2 classes"],
    [
      "a long text",
      csv,
      "t,y\nabc,u\n",
      { limits: { cell: 2 } },
      "found 3 characters, wanted at most 2",
    ],
    [
      "an endless cell",
      csv,
      `t,y\n"${"x".repeat(500)}`,
      { limits: { cell: 9 } },
      "data.file: line ",
    ],
  ] as const)("%s", async (_, base, text, options, message) => {
    await expect(read(base, text, options)).rejects.toThrow(message);
    await expect(read(base, text, options)).rejects.toMatchObject({ code: "invalid-argument" });
  });
});
