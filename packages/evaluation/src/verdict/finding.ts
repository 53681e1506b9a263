/** What a rule of the verdict says, and what it may look at. */
import type { BaselineRecord, Estimate, SliceRecord, SplitRecord } from "../record.ts";

/** `good` is a reason to trust the model, `bad` one not to, `note` neither. */
export type Tone = "good" | "note" | "bad";

export interface Said {
  readonly tone: Tone;
  /** With the numbers that it rests on. */
  readonly sentence: string;
}

export interface Finding extends Said {
  readonly rule: string;
}

export interface Facts {
  readonly task: "classification" | "regression";
  /** The metric that the model is judged by. */
  readonly judge: string;
  /** Whether less of the judge is better. */
  readonly isError: boolean;
  readonly training: SplitRecord;
  readonly validation: SplitRecord;
  readonly test: SplitRecord;
  readonly slices: readonly SliceRecord[];
  readonly baselines: readonly BaselineRecord[];
  /** Of each epoch in order; those of the last may be missing. */
  readonly epochs: {
    /** Mean loss of the epoch's steps, while the weights were moving. */
    readonly training: readonly number[];
    readonly validation: readonly number[];
  };
  /** Of a classification. */
  readonly classes: readonly ClassFacts[];
  /** Mean of the likeliest class' probability over the test rows. */
  readonly confidence: number | undefined;
}

export interface ClassFacts {
  readonly name: string;
  /** Test rows of the class, and those said to be of it. */
  readonly rows: number;
  readonly predicted: number;
}

export type Rule = (facts: Facts) => Said | undefined;

export interface Sure {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** An estimate with its interval; undefined where it has none. */
export function sure(estimate: Estimate | undefined): Sure | undefined {
  if (estimate?.low === undefined || estimate.high === undefined) return undefined;
  return { value: estimate.value, low: estimate.low, high: estimate.high };
}

/** Four digits that matter, as people read them. */
export function shown(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** "0.9 (0.85 to 0.94)" */
export function shownSure({ value, low, high }: Sure): string {
  return `${shown(value)} (${shown(low)} to ${shown(high)})`;
}

export function shownShare(share: number): string {
  return `${shown(100 * Number(share.toPrecision(3)))} %`;
}
