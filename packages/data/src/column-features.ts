/** Features of columns: each by its encoding, and crosses of them. */
import type { GraphBuilder } from "@amaas/graph";
import type { ColumnSpec, CrossSpec } from "@amaas/spec";
import type { Dataset, Labels } from "./dataset.ts";
import { type CrossedColumn, cross } from "./encoders/crosses.ts";
import type { ColumnData, Part } from "./encoders/encoder.ts";
import { encode } from "./encoders/index.ts";
import { plainNumbers } from "./encoders/plain-numbers.ts";
import { faultyData } from "./limits.ts";

/** What the spec says of features. */
export interface FeaturePlan {
  readonly columns?: Readonly<Record<string, ColumnSpec>>;
  readonly crosses?: readonly CrossSpec[];
}

/** Numbers without an encoding come first and together, then the other columns in their order, then crosses. */
export function columnParts(
  g: GraphBuilder,
  dataset: Dataset,
  rows: Uint32Array,
  { columns: specs = {}, crosses = [] }: FeaturePlan,
): readonly Part[] {
  const raw = dataset.tensors(rows);
  const labels = labelsAt(dataset.labels, rows);
  const columns = dataset.inputs.map(({ name, datatype }): CrossedColumn => {
    const spec = Object.hasOwn(specs, name) ? specs[name] : undefined;
    return {
      name,
      value: g.input(name, datatype, ["rows", 1]),
      data: dataOf(raw[name]?.data),
      spec,
    };
  });
  const isPlain = ({ data, spec }: CrossedColumn) => data instanceof Float32Array && !spec?.encode;
  const numbers = columns.flatMap((column) => (isPlain(column) ? [plainNumber(column)] : []));
  return [
    ...plainNumbers(g, numbers),
    ...columns.flatMap((column) => (isPlain(column) ? [] : encoded(g, column, labels))),
    ...crosses.map((spec, index) => cross(g, spec, named(spec, index, columns))),
  ];
}

function dataOf(data: unknown): ColumnData {
  if (data instanceof Float32Array) return data;
  if (Array.isArray(data)) return data;
  throw new Error("a column is neither numbers nor texts");
}

function plainNumber({ name, value, data }: CrossedColumn) {
  return { name, value, data: data instanceof Float32Array ? data : new Float32Array() };
}

function encoded(g: GraphBuilder, column: CrossedColumn, labels: Labels): readonly Part[] {
  const { name, value, data } = column;
  const spec = column.spec?.encode ?? { type: "one-hot" };
  return encode({ g, name, value, data, spec, labels });
}

function named(
  { columns: names }: CrossSpec,
  index: number,
  columns: readonly CrossedColumn[],
): readonly CrossedColumn[] {
  return names.map((name) => {
    const found = columns.find((column) => column.name === name);
    if (!found)
      throw faultyData(
        `features.crosses[${index}].columns`,
        `the model sees no column ${JSON.stringify(name)}`,
      );
    return found;
  });
}

/** Of these rows, in their order. */
export function labelsAt(labels: Labels, rows: Uint32Array): Labels {
  if (labels.kind === "value")
    return { ...labels, values: Float32Array.from(rows, (row) => labels.values[row]!) };
  if (labels.kind === "class")
    return { ...labels, values: Int32Array.from(rows, (row) => labels.values[row]!) };
  return labels;
}
