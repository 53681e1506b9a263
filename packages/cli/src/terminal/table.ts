/** Rows in aligned columns under a quiet header. */
import type { Style } from "./style.ts";
import { padEnd, padStart, widthOf } from "./text.ts";

export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
}

const gap = "   ";

export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  style: Style,
): string[] {
  const widths = columns.map(({ title }, at) =>
    Math.max(widthOf(title), ...rows.map((row) => widthOf(row[at] ?? ""))),
  );
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ align }, at) =>
        (align === "right" ? padStart : padEnd)(cells[at] ?? "", widths[at] ?? 0),
      )
      .join(gap)
      .trimEnd();
  const header = line(columns.map(({ title }) => title));
  return [style.dim(header), ...rows.map(line)];
}

/** Names on the left, what they stand for on the right; empty values are left out. */
export function fields(
  pairs: readonly (readonly [name: string, value: string | undefined])[],
  style: Style,
): string[] {
  const shown = pairs.filter(([, value]) => value !== undefined && value !== "");
  const width = Math.max(0, ...shown.map(([name]) => widthOf(name)));
  return shown.map(([name, value]) => `${style.dim(padEnd(name, width))}   ${value}`);
}
