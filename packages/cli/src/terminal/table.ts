/** Rows in aligned columns under a quiet header. */
import type { Style } from "./style.ts";
import { padEnd, padStart, widthOf, wrapList } from "./text.ts";

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

export type Field = readonly [name: string, value: string | readonly string[] | undefined];

/**
 * Names on the left, what they stand for on the right: a text on its line, a list on as many lines as
 * it takes. Empty values are left out.
 */
export function fields(
  pairs: readonly Field[],
  style: Style,
  columns = Number.POSITIVE_INFINITY,
): string[] {
  const shown = pairs.filter(([, value]) => value !== undefined && value.length > 0);
  const width = Math.max(0, ...shown.map(([name]) => widthOf(name)));
  return shown.flatMap(([name, value = ""]) => {
    const lines =
      typeof value === "string" ? [value] : wrapList(value, columns - width - gap.length);
    return lines.map((line, at) => {
      const left = padEnd(at === 0 ? name : "", width);
      return `${style.dim(left)}${gap}${line}`;
    });
  });
}
