/**
 * A table that is read row by row, as often as needed: first to see what its columns hold, then to
 * take them.
 */

export interface Row {
  /** Counted from 1, without the header. */
  readonly number: number;
  /** The line of the file that the row ends on, where the format has lines. */
  readonly line?: number;
  /** One for each column. */
  readonly cells: readonly unknown[];
  /** Why the row is none, whatever its cells. */
  readonly fault?: string;
}

export interface Table {
  readonly columns: readonly string[];
  /** Whether a text that looks like a number is one; formats with numbers of their own say no. */
  readonly textHoldsNumbers: boolean;
  rows(): AsyncIterable<Row>;
}

/** Names a row for a message: `row 17 (line 18)`. */
export function nameRow({ number, line }: Row): string {
  return line === undefined ? `row ${number}` : `row ${number} (line ${line})`;
}
