import type { RecordsSpec } from "@amaas/spec";
import { describe, expect, test } from "vitest";
import { defaultLimits, readDataset } from "./index.ts";
import { type KeyColumns, timeIn } from "./row-keys.ts";

const spec: RecordsSpec = {
  format: "csv",
  file: "x.csv",
  label: "y",
  columns: {},
  ignore: ["who", "when"],
  onBadRow: "fail",
};

function keysOf(text: string, keys: KeyColumns, onBadRow: "fail" | "skip" = "fail") {
  const read = async () => Buffer.from(text);
  return readDataset({ ...spec, onBadRow }, "classification", read, defaultLimits, keys);
}

const table =
  "who,when,x,y\nann,2024-02-01,1,a\nbob,2024-01-31,2,b\nann,2024-02-01T00:00:01Z,3,a\n";

describe("keys", () => {
  test("are groups in the order of their first rows, of a column that no input is", async () => {
    const { keys, inputs } = await keysOf(table, { group: "who" });
    expect(keys).toEqual({ groups: Int32Array.of(0, 1, 0) });
    expect(inputs.map(({ name }) => name)).toEqual(["x"]);
  });

  test("are times", async () => {
    const { keys } = await keysOf(table, { time: "when" });
    const start = Date.UTC(2024, 1, 1);
    expect(keys).toEqual({ times: Float64Array.of(start, start - 86_400_000, start + 1000) });
  });

  test("are none where nothing is asked for", async () => {
    expect((await keysOf(table, {})).keys).toEqual({});
  });

  test("that are missing make a row a bad one", async () => {
    const missing = `${table},2024-01-01,4,b\neve,soon,5,a\n`;
    await expect(keysOf(missing, { group: "who" })).rejects.toThrow(
      'row 4 (line 5), column "who": found "", wanted a group to split by',
    );
    await expect(keysOf(missing, { time: "when" })).rejects.toThrow(
      'row 5 (line 6), column "when": found "soon", wanted a number or a date to split by',
    );
    const { skippedRows, keys } = await keysOf(missing, { group: "who" }, "skip");
    expect({ skippedRows, keys }).toEqual({
      skippedRows: 1,
      keys: { groups: Int32Array.of(0, 1, 0, 2) },
    });
  });

  test("of a column that is not there are refused", async () => {
    await expect(keysOf(table, { group: "whom" })).rejects.toThrow(
      'split.group: the file has no column "whom"',
    );
  });
});

test.each([
  ["2024-03-10", Date.UTC(2024, 2, 10)],
  ["2024-03-10 12:30", Date.UTC(2024, 2, 10, 12, 30)],
  ["2024-03-10T12:30:15.5Z", Date.UTC(2024, 2, 10, 12, 30, 15, 500)],
  ["2024-03-10T12:30:00+02:00", Date.UTC(2024, 2, 10, 10, 30)],
  ["2024/03/10 12:30", Date.UTC(2024, 2, 10, 12, 30)],
  ["1985", 1985],
  [-3.5, -3.5],
  ["2024-13-10", undefined],
  ["10.3.2024", undefined],
  ["", undefined],
  [null, undefined],
])("the time of %j is %j", (cell, time) => {
  expect(timeIn(cell)).toBe(time);
});
