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
