/**
 * What becomes of rows that do not fit: counted and left out, or the reason to refuse the data.
 *
 * A refusal names the first of them all at once, so that a file is mended in one go.
 */
import { DomainError, type Violation } from "@amaas/errors";
import { nameRow, type Row } from "./table.ts";

const maxNamed = 10;

export interface BadRows {
  readonly count: number;
  report(row: Row, fault: string, column?: string): void;
  /** @throws DomainError invalid-argument if the policy does not bear what was reported. */
  settle(rows: number): void;
}

export function badRows(policy: "fail" | "skip", field: string): BadRows {
  const named: Violation[] = [];
  let count = 0;
  return {
    get count() {
      return count;
    },
    report(row, fault, column) {
      count++;
      const place = column === undefined ? "" : `, column ${JSON.stringify(column)}`;
      if (named.length < maxNamed)
        named.push({ field, description: `${nameRow(row)}${place}: ${fault}` });
    },
    settle(rows) {
      if (count === 0 || (policy === "skip" && count < rows)) return;
      const told = named.map(({ description }) => description).join("; ");
      const rest = count > named.length ? `; and ${count - named.length} more` : "";
      throw new DomainError(
        "invalid-argument",
        `${field}: ${count} of ${rows} rows do not fit: ${told}${rest}`,
        { violations: named },
      );
    },
  };
}
