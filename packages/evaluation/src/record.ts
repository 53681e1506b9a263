/**
 * The evaluation record: what is kept with a version so that it can be trusted, or not.
 *
 * It is a function of the scores of its rows alone, and is written down as JSON whose fields come in one
 * order: whoever makes it makes the same bytes.
 */
import { DomainError } from "@amaas/errors";
import type { Finding } from "./verdict/finding.ts";

export interface Estimate {
  readonly value: number;
  /** Of the interval; both or neither. */
  readonly low?: number;
  readonly high?: number;
}

/** By metric. */
export type Estimates = Readonly<Record<string, Estimate>>;

export interface SplitRecord {
  readonly split: "training" | "validation" | "test";
  /** Rows of the split, and how many of them were scored. */
  readonly rows: number;
  readonly scored: number;
  readonly metrics: Estimates;
}

/** Test rows that have one value of a column. */
export interface SliceRecord {
  readonly column: string;
  readonly value: string;
  readonly rows: number;
  /** Too few rows to tell anything by. */
  readonly small: boolean;
  readonly metrics: Estimates;
}

/** Something simpler, scored on the same test rows. */
export interface BaselineRecord {
  readonly name: string;
  /** Training rows that it was fitted on. */
  readonly rows: number;
  /** By metric. */
  readonly metrics: Readonly<Record<string, number>>;
  /** How much better the model is, less than 0 where it is worse; resampled in pairs. */
  readonly gains: Estimates;
}

export interface EvaluationRecord {
  readonly format: 1;
  readonly task: string;
  /** The metric that the model is judged by. */
  readonly judge: string;
  readonly resamples: number;
  readonly confidence: number;
  readonly splits: readonly SplitRecord[];
  readonly slices: readonly SliceRecord[];
  readonly baselines: readonly BaselineRecord[];
  readonly verdict: readonly Finding[];
}

/** The bytes of the blob, which are the same for the same record. */
export function writeRecord(record: EvaluationRecord): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(record));
}

/** The trainer alone writes records, so their fields are what they should be; the format may be a later one. */
export function readRecord(bytes: Uint8Array): EvaluationRecord {
  const record: EvaluationRecord = JSON.parse(new TextDecoder().decode(bytes));
  if (record.format === 1) return record;
  throw new DomainError(
    "unimplemented",
    `the evaluation record has format ${record.format}, wanted 1, which is all that is known here`,
  );
}
