/** Tables of generated pages, as the formatter wants them: columns as wide as their widest cell. */

export interface Column {
  readonly name: string;
  readonly right?: boolean;
}

export function markdownTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string {
  const widths = columns.map(({ name }, at) =>
    Math.max(3, name.length, ...rows.map((row) => row[at]!.length)),
  );
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const padded = (cells: readonly string[]) =>
    line(
      cells.map((cell, at) =>
        columns[at]!.right ? cell.padStart(widths[at]!) : cell.padEnd(widths[at]!),
      ),
    );
  const rule = columns.map(({ right }, at) =>
    right ? `${"-".repeat(widths[at]! - 1)}:` : "-".repeat(widths[at]!),
  );
  return [padded(columns.map(({ name }) => name)), line(rule), ...rows.map(padded)].join("\n");
}
