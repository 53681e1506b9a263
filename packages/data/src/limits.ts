/**
 * How much a data set may be. Whoever uploads one is told which limit it met, and at what size.
 */
import { DomainError } from "@amaas/errors";

export interface Limits {
  /** Of one file of arrays. */
  readonly arrayBytes: number;
  readonly csvBytes: number;
  /** Of one file of JSON, which takes many times its size while it is read. */
  readonly jsonBytes: number;
  readonly rows: number;
  readonly columns: number;
  /** Characters of one cell. */
  readonly cell: number;
  /** Of one row, once text has become numbers. */
  readonly features: number;
  /** Different labels of a classification. */
  readonly classes: number;
  /** Different texts of one column. */
  readonly categories: number;
}

export const defaultLimits: Limits = {
  arrayBytes: 1 << 30,
  csvBytes: 1 << 28,
  jsonBytes: 1 << 26,
  rows: 10_000_000,
  columns: 4096,
  cell: 65_536,
  features: 65_536,
  classes: 10_000,
  categories: 1000,
};

/** Refuses `found` of something where at most `limit` is allowed. */
export function holdTo(limit: number, found: number, field: string, what: string): void {
  if (found > limit) throw faultyData(field, `found ${found} ${what}, wanted at most ${limit}`);
}

/** The refusal of data, naming the field of the spec that it came by. */
export function faultyData(field: string, description: string): DomainError {
  return new DomainError("invalid-argument", `${field}: ${description}`, {
    violations: [{ field, description }],
  });
}
