/**
 * What a cell of a table means: a number, a text, or nothing.
 */
import type { ColumnType } from "@amaas/spec";

/** How people and programs write that a value is missing; the empty text is the form it is kept in. */
export const missingSpellings: readonly string[] = [
  "",
  "NA",
  "N/A",
  "n/a",
  "<NA>",
  "#N/A",
  "NaN",
  "nan",
  "NULL",
  "null",
];

const missing: ReadonlySet<unknown> = new Set<unknown>([...missingSpellings, null, undefined]);
const decimal = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/**
 * Whether a cell of a column holds nothing. Blanks around a number mean nothing; text is what it is, in
 * a table as in a request.
 */
export function isMissing(cell: unknown, type: ColumnType): boolean {
  return missing.has(type === "number" && typeof cell === "string" ? cell.trim() : cell);
}

/** The number that a cell holds, if it is one; numbers that come as text count. */
export function numberIn(cell: unknown): number | undefined {
  const value = typeof cell === "string" && decimal.test(cell.trim()) ? Number(cell.trim()) : cell;
  return typeof value === "number" && Number.isFinite(Math.fround(value)) ? value : undefined;
}

/** The text that a cell holds, exactly as it stands there; undefined where it holds a list or an object. */
export function textIn(cell: unknown): string | undefined {
  if (typeof cell === "string") return cell;
  return typeof cell === "number" || typeof cell === "boolean" ? String(cell) : undefined;
}

/** A cell in a few characters, for a message. */
export function showCell(cell: unknown): string {
  if (Array.isArray(cell)) return "a list";
  if (typeof cell === "object" && cell !== null) return "an object";
  if (cell === undefined) return "nothing";
  const text = JSON.stringify(cell);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
