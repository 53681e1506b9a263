/**
 * A data set of records: one input for each column but the label, with missing values kept as such.
 */
import { type ColumnType, hasClasses, type RecordsSpec, type Task } from "@amaas/spec";
import { type Tensor, tensor } from "@amaas/tensor";
import { type BadRows, badRows } from "./bad-rows.ts";
import { isMissing, numberIn, showCell, textIn } from "./cell.ts";
import { columnTypes } from "./column-types.ts";
import type { OpenFile } from "./data-file.ts";
import type { Dataset, InputSpec, Labels } from "./dataset.ts";
import { classLabels, valueLabels } from "./labels.ts";
import { faultyData, holdTo, type Limits } from "./limits.ts";
import { openTable } from "./open-table.ts";
import { rowFault } from "./row-fault.ts";
import { type KeyColumns, type KeyReader, keyReader } from "./row-keys.ts";
import { nameRow, type Table } from "./table.ts";
import { TextColumn } from "./text-column.ts";

const field = "data.file";

/** What the served model calls its answers; an input cannot have the same name. */
const answers: { readonly [T in Task]: readonly string[] } = {
  classification: ["label", "probabilities"],
  regression: ["prediction"],
  embedding: ["embedding"],
  reconstruction: ["reconstruction", "error", "code"],
  "language-modeling": ["label", "probabilities"],
};

/** A column while it is filled, row by row. */
interface Column {
  readonly name: string;
  /** Position in the row. */
  readonly index: number;
  readonly type: ColumnType;
  readonly values: Float32Array | Float64Array | TextColumn;
}

export async function readRecords(
  spec: RecordsSpec,
  task: Task,
  open: OpenFile,
  limits: Limits,
  keyColumns: KeyColumns,
): Promise<Dataset> {
  const table = await openTable(field, spec, open, limits);
  const { types, rows } = await columnTypes(spec, table, limits);
  const layout = layOut(spec, task, table, types, rows, limits);
  const keys = keyReader(keyColumns, table.columns);
  const bad = badRows(spec.onBadRow, field);
  const taken = await fill(layout, keys, table, task, bad, limits);
  bad.settle(rows);
  const labels = labelsOf(layout.label, taken, task, limits);
  return { ...datasetOf(layout, labels, taken, bad.count), keys: keys.done() };
}

interface Layout {
  readonly inputs: readonly Column[];
  /** Where the task has labels. */
  readonly label: Column | undefined;
}

function layOut(
  spec: RecordsSpec,
  task: Task,
  table: Table,
  types: readonly ColumnType[],
  rows: number,
  limits: Limits,
): Layout {
  const columns = table.columns
    .map((name, index) => ({ name, index, type: types[index] ?? "text" }))
    .filter(({ name }) => isWanted(spec, name));
  // Cells take four bytes or so, whatever they hold.
  holdTo(limits.cells, rows * columns.length, field, "cells");
  const [label] = columns.filter(({ name }) => name === spec.label);
  const inputs = columns.filter(({ name }) => name !== spec.label);
  if (inputs.length === 0)
    throw faultyData(
      field,
      label
        ? `found no column besides ${JSON.stringify(label.name)} to predict it from`
        : "found no column that data.ignore does not name",
    );
  const taken = ["features", ...answers[task]];
  for (const { name, index } of inputs)
    if (name === "" || name.length > 256 || taken.includes(name))
      throw faultyData(
        field,
        `column ${index + 1} is called ${showCell(name)}, which an input of a model cannot be; rename it or list it in data.ignore`,
      );
  const texts = (name: string) =>
    new TextColumn(rows, `${field}: column ${JSON.stringify(name)}`, limits);
  return {
    inputs: inputs.map((column) => ({
      ...column,
      values: column.type === "number" ? new Float32Array(rows) : texts(column.name),
    })),
    // Classes are numbers of any size, not measurements: float32 would merge some of them.
    label: label && {
      ...label,
      values: label.type === "number" ? new Float64Array(rows) : texts(label.name),
    },
  };
}

/** Whether the model sees a column, or learns from it. */
export function isWanted({ include, ignore, label }: RecordsSpec, name: string): boolean {
  return name === label || ((include?.includes(name) ?? true) && !ignore.includes(name));
}

/** Takes the rows that fit, and answers how many. */
async function fill(
  { inputs, label }: Layout,
  keys: KeyReader,
  table: Table,
  task: Task,
  bad: BadRows,
  limits: Limits,
): Promise<number> {
  const columns = label ? [...inputs, label] : inputs;
  const names = new Set([...columns.map(({ name }) => name), ...keys.columns]);
  let taken = 0;
  for await (const batch of table.rows((name) => names.has(name)))
    for (const row of batch) {
      const fault = rowFault(row, inputs, label, task, limits) ?? keys.fault(row.cells);
      if (fault) {
        bad.report(nameRow(row), fault.found, fault.column);
        continue;
      }
      for (const { values, index } of columns) {
        const cell = row.cells[index];
        if (values instanceof TextColumn)
          values.set(taken, isMissing(cell, "text") ? "" : (textIn(cell) ?? ""));
        else values[taken] = numberIn(cell) ?? Number.NaN;
      }
      keys.take(row.cells);
      taken++;
    }
  for (const { values } of columns) if (values instanceof TextColumn) values.truncate(taken);
  return taken;
}

function labelsOf(label: Column | undefined, taken: number, task: Task, limits: Limits): Labels {
  if (!label) return { kind: "none" };
  const { name, values } = label;
  if (hasClasses(task))
    return classLabels(
      values instanceof TextColumn ? values : values.subarray(0, taken),
      "data.label",
      limits,
    );
  if (values instanceof TextColumn)
    throw faultyData("data.label", `the column ${JSON.stringify(name)} holds text, wanted numbers`);
  return valueLabels(values.subarray(0, taken));
}

function datasetOf({ inputs }: Layout, labels: Labels, rows: number, skippedRows: number): Dataset {
  return {
    source: "columns",
    rows,
    skippedRows,
    inputs: inputs.map(
      ({ name, type }): InputSpec => ({
        name,
        datatype: type === "number" ? "FP32" : "BYTES",
        shape: [-1, 1],
      }),
    ),
    labels,
    tensors: (chosen) =>
      Object.fromEntries(inputs.map(({ name, values }) => [name, take(values, chosen)])),
  };
}

function take(values: Column["values"], rows: Uint32Array): Tensor {
  const shape = [rows.length, 1];
  if (values instanceof TextColumn)
    return tensor(
      "BYTES",
      shape,
      Array.from(rows, (row) => values.get(row)),
    );
  return tensor(
    "FP32",
    shape,
    Float32Array.from(rows, (row) => values[row] ?? Number.NaN),
  );
}
