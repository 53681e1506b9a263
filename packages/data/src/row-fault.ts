/**
 * Whether a row fits its columns: the first thing about it that does not.
 */
import type { ColumnType, Task } from "@amaas/spec";
import { isMissing, numberIn, showCell, textIn } from "./cell.ts";
import type { Limits } from "./limits.ts";
import type { Row } from "./table.ts";

interface ColumnPlace {
  readonly name: string;
  readonly index: number;
  readonly type: ColumnType;
}

interface Fault {
  readonly found: string;
  readonly column?: string;
}

export function rowFault(
  row: Row,
  inputs: readonly ColumnPlace[],
  label: ColumnPlace | undefined,
  task: Task,
  limits: Limits,
): Fault | undefined {
  if (row.fault !== undefined) return { found: row.fault };
  for (const column of inputs) {
    const found = cellFault(row.cells[column.index], column.type, limits);
    if (found !== undefined) return { found, column: column.name };
  }
  if (!label) return undefined;
  const found = labelFault(row.cells[label.index], label.type, task, limits);
  return found === undefined ? undefined : { found, column: label.name };
}

function cellFault(cell: unknown, type: ColumnType, limits: Limits): string | undefined {
  if (isMissing(cell, type)) return undefined;
  if (type === "number")
    return numberIn(cell) === undefined
      ? `found ${showCell(cell)}, wanted a number in the range of float32 (or declare the column as text)`
      : undefined;
  const text = textIn(cell);
  if (text === undefined) return `found ${showCell(cell)}, wanted a text`;
  return text.length > limits.cell
    ? `found ${text.length} characters, wanted at most ${limits.cell}`
    : undefined;
}

function labelFault(
  cell: unknown,
  type: ColumnType,
  task: Task,
  limits: Limits,
): string | undefined {
  if (isMissing(cell, type)) return "the label is missing";
  const fault = cellFault(cell, type, limits);
  if (fault !== undefined || type === "text" || task === "regression") return fault;
  return Number.isSafeInteger(numberIn(cell))
    ? undefined
    : `found ${showCell(cell)}, wanted a whole number as class (or declare the column as text)`;
}
