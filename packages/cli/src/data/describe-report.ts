/** A report on a data set, as lines. */
import type { ColumnReport, DataReport } from "@amaas/data";
import { measure } from "../terminal/figures.ts";
import type { Style } from "../terminal/style.ts";
import { fields, table } from "../terminal/table.ts";
import { printable } from "../terminal/text.ts";

const mostClasses = 12;

export function describeReport(report: DataReport, style: Style): string[] {
  const {
    rows,
    described,
    skippedRows,
    duplicates,
    columns,
    classes = [],
    label,
    warnings,
  } = report;
  const shown = label ? [...columns, label] : columns;
  const some = classes.slice(0, mostClasses).map(({ value, rows: count }) => {
    const share = ((100 * count) / described).toFixed(1);
    return `${printable(String(value))} ${count.toLocaleString("en")} (${share} %)`;
  });
  const rest = classes.length - some.length;
  return [
    ...fields(
      [
        ["rows", rows.toLocaleString("en")],
        ["described", described < rows ? described.toLocaleString("en") : ""],
        ["skipped", skippedRows > 0 ? skippedRows.toLocaleString("en") : ""],
        ["duplicates", duplicates > 0 ? duplicates.toLocaleString("en") : ""],
        ["classes", [...some, ...(rest > 0 ? [`and ${rest} more`] : [])]],
      ],
      style,
      100,
    ),
    ...(shown.length > 0 ? ["", ...columnTable(shown, style)] : []),
    ...(warnings.length > 0 ? ["", ...warnings.map((line) => style.yellow(printable(line)))] : []),
  ];
}

function columnTable(columns: readonly ColumnReport[], style: Style): string[] {
  const titles = [
    "COLUMN",
    "TYPE",
    "MISSING",
    "UNIQUE",
    "MIN",
    "MEDIAN",
    "MAX",
    "MEAN",
    "DEVIATION",
  ];
  const right = new Set(titles.slice(2));
  return table(
    [
      ...titles.map((title) => ({ title, ...(right.has(title) && { align: "right" as const }) })),
      { title: "MOST FREQUENT" },
    ],
    columns.map(({ name, type, missing, unique, numbers, frequent }) => [
      printable(name),
      type,
      missing.toLocaleString("en"),
      unique.toLocaleString("en"),
      ...[numbers?.min, numbers?.quantiles[2], numbers?.max, numbers?.mean, numbers?.deviation].map(
        (value) => (value === undefined || Number.isNaN(value) ? "" : measure(value)),
      ),
      frequent.map(({ value }) => printable(String(value)).slice(0, 24)).join(", "),
    ]),
    style,
  );
}
