import type { RecordsSpec } from "@amaas/spec";
import { expect, test } from "vitest";
import { readDataset, withoutDuplicates } from "./index.ts";

const spec: RecordsSpec = {
  format: "json",
  file: "x.json",
  label: "y",
  columns: {},
  ignore: ["id"],
  onBadRow: "fail",
};

const rows = [
  { id: 0, a: 1, s: "x", t: "yz", y: 0 },
  { id: 1, a: 2, s: "x", t: "", y: 1 },
  { id: 2, a: null, s: "x", t: "", y: 1 },
  // As row 0 but for the label, and what the model does not see.
  { id: 3, a: 1, s: "x", t: "yz", y: 1 },
  // The letters of row 0 in other cells.
  { id: 4, a: 1, s: "xy", t: "z", y: 0 },
  { id: 5, a: null, s: "x", t: "", y: 0 },
  { id: 6, a: 1, s: "xy", t: "z", y: 0 },
  { id: 7, a: 9, s: "q", t: "q", y: 0 },
];

test("rows of later parts that an earlier one has are found, and left out", async () => {
  const dataset = await readDataset(spec, "classification", async () =>
    Buffer.from(JSON.stringify(rows)),
  );
  const {
    distinct,
    validation,
    test: held,
  } = withoutDuplicates(dataset, {
    training: Uint32Array.of(0, 1, 2),
    validation: Uint32Array.of(3, 4, 5),
    test: Uint32Array.of(6, 7),
  });
  expect({ validation, held }).toEqual({ validation: 2, held: 1 });
  expect(distinct).toEqual({
    training: Uint32Array.of(0, 1, 2),
    validation: Uint32Array.of(4),
    test: Uint32Array.of(7),
  });
});
