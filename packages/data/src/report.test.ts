import type { RecordsSpec } from "@amaas/spec";
import { expect, test } from "vitest";
import { describeData, readDataset } from "./index.ts";

const spec: RecordsSpec = {
  format: "csv",
  file: "x",
  label: "y",
  columns: {},
  ignore: [],
  onBadRow: "skip",
};
const describeCsv = async (text: string, task: "classification" | "regression") =>
  describeData(await readDataset(spec, task, async () => Buffer.from(text)));

test("every column, what is missing in it, where its values lie", async () => {
  const rows = ["1,a,u", "2,b,u", ",a,v", "4,,u", "2,b,u", "2,b,u,extra"];
  const report = await describeCsv(`n,t,y\n${rows.join("\n")}\n`, "classification");
  expect(report).toEqual({
    rows: 5,
    described: 5,
    skippedRows: 1,
    duplicates: 1,
    columns: [
      {
        name: "n",
        type: "number",
        missing: 1,
        unique: 3,
        frequent: [
          { value: 2, rows: 2 },
          { value: 1, rows: 1 },
          { value: 4, rows: 1 },
        ],
        numbers: {
          min: 1,
          max: 4,
          mean: 2.25,
          deviation: Math.sqrt((1.25 ** 2 + 2 * 0.25 ** 2 + 1.75 ** 2) / 4),
          quantiles: [1, 1, 2, 2, 2],
          whole: true,
        },
      },
      {
        name: "t",
        type: "text",
        missing: 1,
        unique: 2,
        frequent: [
          { value: "a", rows: 2 },
          { value: "b", rows: 2 },
        ],
      },
    ],
    classes: [
      { value: "u", rows: 4 },
      { value: "v", rows: 1 },
    ],
    warnings: ["20.0 % of the rows equal an earlier one in every input"],
  });
});

test("what somebody should look into is said", async () => {
  const rows = Array.from({ length: 200 }, (_, row) => [
    `k${row}`,
    row,
    row / 4,
    "same",
    row % 3 === 0 ? "x" : "",
    row === 7 ? "rare" : "common",
  ]);
  const text = `key,id,size,one,gap,y\n${rows.map((row) => row.join(",")).join("\n")}\n`;
  expect((await describeCsv(text, "classification")).warnings).toEqual([
    'column "key" looks like a key: every value occurs once',
    'column "id" looks like a key: every value occurs once',
    'column "one" has the same value in every row that has one',
    'column "gap" has the same value in every row that has one',
    'class "rare" has 0.5 % of the rows',
  ]);
});

test("a label of numbers is a column of its own", async () => {
  const { label, classes } = await describeCsv("n,y\n1,5\n2,7\n", "regression");
  expect(label).toMatchObject({ name: "label", unique: 2, numbers: { min: 5, max: 7, mean: 6 } });
  expect(classes).toBeUndefined();
});

test("rows count as equal when they are, wherever they are and whatever they hold", async () => {
  const rows = Array.from({ length: 9_000 }, (_, row) => `${row % 4_500},t${(row % 4_500) >> 4},0`);
  const { duplicates } = await describeCsv(`n,t,y\n${rows.join("\n")}\n`, "regression");
  expect(duplicates).toBe(4_500);
});

test("of many rows, some are described: the same every time, and all the more of fewer columns", async () => {
  const lines = Array.from({ length: 1000 }, (_, row) => `${row},${row % 4},${row % 2}`);
  const text = Buffer.from(`n,m,y\n${lines.join("\n")}\n`);
  const dataset = await readDataset(spec, "classification", async () => text);
  const report = describeData(dataset, { rows: 400, cells: 1_000_000 });
  expect(report).toMatchObject({ rows: 1000, described: 400, duplicates: 0 });
  expect(report.columns[0]).toMatchObject({ missing: 0, unique: 400 });
  // Drawn from everywhere, not from the beginning: the deviation from the mean of all is 14 rows or so.
  expect(Math.abs((report.columns[0]?.numbers?.mean ?? 0) - 499.5)).toBeLessThan(50);
  expect(report.classes?.reduce((sum, { rows }) => sum + rows, 0)).toBe(400);
  expect(describeData(dataset, { rows: 400, cells: 1_000_000 })).toEqual(report);
  expect(describeData(dataset, { rows: 400, cells: 100 }).described).toBe(50);
  expect(describeData(dataset, { rows: 1000, cells: 2000 })).toEqual(describeData(dataset));
});

test("a column without a value has no numbers to tell of", async () => {
  const report = await describeCsv("n,t,y\n,a,1\n,b,2\n", "regression");
  expect(report.columns[0]).toEqual({
    name: "n",
    type: "number",
    missing: 2,
    unique: 0,
    frequent: [],
  });
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
});
