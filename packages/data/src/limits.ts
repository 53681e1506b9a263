/**
 * How much a data set may be. Whoever uploads one is told which limit it met, and at what size.
 */
import { DomainError, errorMessage, isDomainError } from "@amaas/errors";

export interface Limits {
  /** Of one file of arrays; of the pixels of all images. */
  readonly arrayBytes: number;
  /** Of one image, as the file it is. */
  readonly imageBytes: number;
  /** Of an array of JSON, or of one line, which take many times their size while they are read. */
  readonly jsonBytes: number;
  /** Of a text, all files together; its tokens take eight times that in memory. */
  readonly textBytes: number;
  /** Of one column in one group of rows of a Parquet file, unpacked; of one batch of an Arrow file. */
  readonly groupBytes: number;
  /** That are one data set. */
  readonly files: number;
  readonly rows: number;
  /** Of all columns that are read; what a data set takes in memory is about four bytes for each. */
  readonly cells: number;
  /** Of all different texts of a column together. */
  readonly characters: number;
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
  imageBytes: 1 << 26,
  jsonBytes: 1 << 26,
  textBytes: 1 << 26,
  groupBytes: 1 << 29,
  files: 100_000,
  rows: 50_000_000,
  cells: 1_000_000_000,
  characters: 1 << 28,
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

/** Whatever a reader of damaged bytes may throw is the file's fault; our own refusals stay what they are. */
export async function soundly<T>(
  field: string,
  fault: string,
  read: () => T | Promise<T>,
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw isDomainError(error)
      ? error
      : faultyData(field, `the file ${fault}: ${errorMessage(error)}`);
  }
}
