import type { RecordsSpec, Task } from "@amaas/spec";
import { expect, test } from "vitest";
import { giveaways, readDataset } from "./index.ts";

const spec: RecordsSpec = {
  format: "json",
  file: "x.json",
  label: "y",
  columns: { id: { type: "text" } },
  ignore: [],
  onBadRow: "fail",
};

const size = 400;

/** `of` makes a row's label and columns. */
async function noticed(task: Task, of: (row: number) => Record<string, string | number | null>) {
  const rows = Array.from({ length: size }, (_, row) => ({ id: `id ${row}`, ...of(row) }));
  const dataset = await readDataset(spec, task, async () => Buffer.from(JSON.stringify(rows)));
  const training = Uint32Array.from({ length: size - 50 }, (_, row) => row);
  return giveaways(dataset, training);
}

/** Without a pattern that halves or neighbours share. */
const mixed = (row: number) => (row * 7919) % 997;

test("of a class: a letter for it; not an id, half of it, nor what is right nine times in ten", async () => {
  const found = await noticed("classification", (row) => {
    const y = mixed(row) % 3;
    return {
      y,
      letter: `c${y}`,
      flipped: mixed(row) % 10 === 0 ? 0 : y,
      threshold: y === 2 ? 100 + (mixed(row) % 50) : mixed(row) % 50,
      noise: (row * 31) % 17,
    };
  });
  expect(found.map(({ column }) => column)).toEqual(["letter"]);
  const [letter] = found;
  expect(letter).toEqual({
    column: "letter",
    measure: "share of the errors that it saves",
    value: 1,
  });
});

test("of two classes: a number on either side of a threshold", async () => {
  const found = await noticed("classification", (row) => ({
    y: mixed(row) > 500 ? "late" : "early",
    arrival: mixed(row) > 500 ? 100 + (row % 7) : row % 7,
  }));
  expect(found.map(({ column }) => column)).toEqual(["arrival"]);
});

test("of a number: what follows from it, a text for each of its values", async () => {
  const found = await noticed("regression", (row) => ({
    y: mixed(row),
    cents: mixed(row) * 100 + (row % 3),
    missing: row % 4 === 0 ? null : -mixed(row),
    related: mixed(row) + ((row * 131) % 997),
  }));
  expect(found.map(({ column }) => column)).toEqual(["cents", "missing"]);
  expect(found[0]?.measure).toBe("correlation");
  const [grade] = await noticed("regression", (row) => ({
    y: mixed(row) % 5,
    grade: `grade ${mixed(row) % 5}`,
  }));
  expect(grade).toMatchObject({ column: "grade", value: 1 });
});
