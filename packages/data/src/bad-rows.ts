/**
 * What becomes of rows that do not fit: counted and left out, or the reason to refuse the data.
 *
 * A refusal names the first of them all at once, so that a file is mended in one go.
 */
import { DomainError, type Violation } from "@amaas/errors";

const maxNamed = 10;

export interface BadRows {
  readonly count: number;
  /** `place` says which row it is. */
  report(place: string, fault: string, column?: string): void;
  /** @throws DomainError invalid-argument if the policy does not bear what was reported. */
  settle(rows: number): void;
}

export function badRows(policy: "fail" | "skip", field: string, what = "rows"): BadRows {
  const named: Violation[] = [];
  let count = 0;
  return {
    get count() {
      return count;
    },
    report(place, fault, column) {
      count++;
      const where = column === undefined ? place : `${place}, column ${JSON.stringify(column)}`;
      if (named.length < maxNamed) named.push({ field, description: `${where}: ${fault}` });
    },
    settle(rows) {
      if (count === 0 || (policy === "skip" && count < rows)) return;
      const told = named.map(({ description }) => description).join("; ");
      const rest = count > named.length ? `; and ${count - named.length} more` : "";
      throw new DomainError(
        "invalid-argument",
        `${field}: ${count} of ${rows} ${what} do not fit: ${told}${rest}`,
        { violations: named },
      );
    },
  };
}
