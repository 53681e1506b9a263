/**
 * What a data set looks like: its columns, what is missing in them, how its labels are balanced, and what
 * somebody should look into before training on it. A function of the rows alone; of many, those are described
 * that a key draws, the same every time.
 */
import { hashKey, permutation } from "@amaas/random";
import type { Dataset, Labels } from "./dataset.ts";
import { describeNumbers, type NumberSummary } from "./describe-numbers.ts";
import { countRepeats, RowHashes } from "./row-hashes.ts";

export interface Frequent {
  readonly value: string | number;
  readonly rows: number;
}

export interface ColumnReport {
  readonly name: string;
  readonly type: "number" | "text";
  readonly missing: number;
  /** Different values, missing ones not among them. */
  readonly unique: number;
  /** The most frequent values, at most three. */
  readonly frequent: readonly Frequent[];
  readonly numbers?: NumberSummary;
}

export interface DataReport {
  readonly rows: number;
  /** How many of them all that follows is of. */
  readonly described: number;
  readonly skippedRows: number;
  /** Rows that equal an earlier one in every input. */
  readonly duplicates: number;
  readonly columns: readonly ColumnReport[];
  /** Rows of each class, most first; of other labels a column. */
  readonly classes?: readonly Frequent[];
  readonly label?: ColumnReport;
  readonly warnings: readonly string[];
}

const blockRows = 4096;

/** What a report that comes with every job may cost: a second or so. */
export const quickReport: ReportLimits = { rows: 100_000, cells: 10_000_000 };

export interface ReportLimits {
  /** Rows that are described. */
  readonly rows: number;
  /** Of them, over all columns. */
  readonly cells: number;
}

/** Arrays have no columns with names: the report is then of their labels alone. */
export function describeData(dataset: Dataset, limits?: ReportLimits): DataReport {
  const { rows, skippedRows, labels } = dataset;
  const chosen = choose(dataset, limits);
  const isTable = dataset.source === "columns";
  const { columns, duplicates } = isTable
    ? describeColumns(dataset, chosen)
    : { columns: [], duplicates: 0 };
  const classes = classesOf(labels, chosen);
  const values = labels.kind === "value" ? labels.values : undefined;
  const label =
    values &&
    numberColumn(
      "label",
      Float32Array.from(chosen, (row) => values[row]!),
    );
  const described = {
    rows,
    described: chosen.length,
    skippedRows,
    duplicates,
    columns,
    ...(classes && { classes }),
    ...(label && { label }),
  };
  return { ...described, warnings: warningsOf(described) };
}

/** Ascending. */
function choose({ rows, inputs }: Dataset, limits: ReportLimits | undefined): Uint32Array {
  const most = limits ? Math.min(limits.rows, Math.ceil(limits.cells / inputs.length)) : rows;
  if (rows <= most) return Uint32Array.from({ length: rows }, (_, row) => row);
  const rowAt = permutation(hashKey("data report"), rows);
  return Uint32Array.from({ length: most }, (_, place) => rowAt(place)).sort();
}

function describeColumns(dataset: Dataset, chosen: Uint32Array) {
  const { inputs } = dataset;
  const rows = chosen.length;
  const numbers = new Map<string, Float32Array>();
  const texts = new Map<string, Map<string, number>>();
  for (const { name, datatype } of inputs)
    if (datatype === "FP32") numbers.set(name, new Float32Array(rows));
    else texts.set(name, new Map());
  const hashes = new RowHashes(rows);
  for (let from = 0; from < rows; from += blockRows) {
    const block = dataset.tensors(chosen.subarray(from, from + blockRows));
    for (const [name, { data }] of Object.entries(block)) {
      hashes.add(from, data);
      if (data instanceof Float32Array) numbers.get(name)?.set(data, from);
      else if (Array.isArray(data)) count(texts.get(name) ?? new Map(), data);
    }
  }
  const columns = inputs.map(({ name }): ColumnReport => {
    const values = numbers.get(name);
    return values ? numberColumn(name, values) : textColumn(name, texts.get(name) ?? new Map());
  });
  return { columns, duplicates: countRepeats(hashes.values) };
}

function count(counts: Map<string, number>, texts: readonly unknown[]): void {
  for (const text of texts) counts.set(String(text), (counts.get(String(text)) ?? 0) + 1);
}

function numberColumn(name: string, values: Float32Array): ColumnReport {
  const { missing, unique, frequent, ...numbers } = describeNumbers(values);
  return { name, type: "number", missing, unique, frequent, ...(unique > 0 && { numbers }) };
}

function textColumn(name: string, counts: ReadonlyMap<string, number>): ColumnReport {
  const missing = counts.get("") ?? 0;
  const present = [...counts].filter(([text]) => text !== "");
  const frequent = mostFrequent(present).slice(0, 3);
  return { name, type: "text", missing, unique: present.length, frequent };
}

function classesOf(labels: Labels, chosen: Uint32Array): readonly Frequent[] | undefined {
  if (labels.kind !== "class") return undefined;
  const counts = labels.classes.map(() => 0);
  for (const row of chosen) counts[labels.values[row]!]!++;
  return mostFrequent(labels.classes.map((value, index) => [value, counts[index] ?? 0] as const));
}

function mostFrequent(counts: readonly (readonly [string | number, number])[]): Frequent[] {
  const sorted = counts.toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return sorted.map(([value, rows]) => ({ value, rows }));
}

function warningsOf({
  described: rows,
  columns,
  classes,
  duplicates,
}: Omit<DataReport, "warnings">) {
  const warnings = columns.flatMap(({ name, type, missing, unique, numbers }) => {
    const column = `column ${JSON.stringify(name)}`;
    if (unique === 0) return [`${column} has no value in any row`];
    if (unique === 1) return [`${column} has the same value in every row that has one`];
    const isKey = unique === rows - missing && rows >= 20 && (type === "text" || numbers?.whole);
    if (isKey) return [`${column} looks like a key: every value occurs once`];
    return missing * 2 > rows
      ? [`${column} is missing in ${share(missing, rows)} of the rows`]
      : [];
  });
  const rarest = classes?.at(-1);
  if (rarest && rarest.rows * 100 < rows)
    warnings.push(
      `class ${JSON.stringify(rarest.value)} has ${share(rarest.rows, rows)} of the rows`,
    );
  if (duplicates * 100 > rows)
    warnings.push(`${share(duplicates, rows)} of the rows equal an earlier one in every input`);
  return warnings;
}

function share(part: number, of: number): string {
  return `${((100 * part) / of).toFixed(1)} %`;
}
