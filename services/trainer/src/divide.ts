/** Divides a data set as the spec says, and looks for rows that are in two parts at once. */
import { type Dataset, type RowSplit, splitRows, withoutDuplicates } from "@amaas/data";
import { DomainError } from "@amaas/errors";
import type { SplitSpec } from "@amaas/spec";

export interface Division {
  readonly rows: RowSplit;
  readonly warnings: string[];
}

export function divide(dataset: Dataset, split: SplitSpec): Division {
  const { labels, keys } = dataset;
  const rows = splitRows({ rows: dataset.rows, split, labels, ...keys });
  // Windows of a text are nobody's samples twice: no two begin at one token.
  if (split.onDuplicates === "keep" || keys?.windows) return { rows, warnings: [] };
  const { distinct, validation, test } = withoutDuplicates(dataset, rows);
  const told = [
    ...tell("validation", validation, rows.validation.length),
    ...tell("test", test, rows.test.length),
  ];
  if (split.onDuplicates === "report") return { rows, warnings: told };
  if (distinct.validation.length === 0 || distinct.test.length === 0)
    throw new DomainError(
      "invalid-argument",
      `split.onDuplicates: ${told.join("; ")}; dropping them leaves no rows in a part`,
    );
  return { rows: distinct, warnings: told.map((line) => `${line}: dropped`) };
}

function tell(part: string, count: number, of: number): string[] {
  if (count === 0) return [];
  const share = ((100 * count) / of).toFixed(1);
  return [
    `${count} of ${of} ${part} rows (${share} %) equal a row of an earlier part in every input`,
  ];
}
