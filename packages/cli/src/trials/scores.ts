/** What trials scored on their validation rows: each metric of each, and how they spread. */
import type { Curve } from "../training/curve.ts";

export interface Spread {
  readonly mean: number;
  /** Sample standard deviation; 0 of a single trial. */
  readonly deviation: number;
}

export type Scores = Readonly<Record<string, number>>;

/** The last evaluation on the validation rows. */
export function scoresOf(curve: Curve): Scores {
  return curve.validations.at(-1)?.metrics ?? {};
}

/** Of the metrics that all of them have. */
export function spreadOf(trials: readonly Scores[]): Readonly<Record<string, Spread>> {
  const [first = {}, ...others] = trials;
  const names = Object.keys(first).filter((name) => others.every((scores) => name in scores));
  return Object.fromEntries(
    names.map((name) => [name, spread(trials.map((scores) => scores[name] ?? Number.NaN))]),
  );
}

function spread(values: readonly number[]): Spread {
  const mean = sum(values) / values.length;
  if (values.length < 2) return { mean, deviation: 0 };
  const squares = sum(values.map((value) => (value - mean) ** 2));
  return { mean, deviation: Math.sqrt(squares / (values.length - 1)) };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
