/** A column of numbers in a few of them: what is missing, where the others lie. */

export interface NumberSummary {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** Of all rows that have a value, not of a sample. */
  readonly deviation: number;
  /** At 5, 25, 50, 75 and 95 of a hundred; each is a value that occurs. */
  readonly quantiles: readonly number[];
  /** Whether all are whole numbers. */
  readonly whole: boolean;
}

interface Described extends NumberSummary {
  readonly missing: number;
  readonly unique: number;
  readonly frequent: readonly { readonly value: number; readonly rows: number }[];
}

const shares = [0.05, 0.25, 0.5, 0.75, 0.95];

/** NaN is missing. */
export function describeNumbers(values: Float32Array): Described {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const { length } = sorted;
  const mean = sum(sorted, (value) => value) / Math.max(1, length);
  const variance = sum(sorted, (value) => (value - mean) ** 2) / Math.max(1, length);
  return {
    missing: values.length - length,
    min: sorted[0] ?? Number.NaN,
    max: sorted[length - 1] ?? Number.NaN,
    mean: length === 0 ? Number.NaN : mean,
    deviation: length === 0 ? Number.NaN : Math.sqrt(variance),
    quantiles: shares.map((share) => sorted[Math.floor(share * (length - 1))] ?? Number.NaN),
    whole: sorted.every(Number.isInteger),
    ...runsOf(sorted),
  };
}

/** Equal values lie beside each other. */
function runsOf(sorted: Float32Array) {
  let unique = 0;
  let frequent: { value: number; rows: number }[] = [];
  for (let from = 0; from < sorted.length; ) {
    const value = sorted[from] ?? 0;
    let to = from + 1;
    while (sorted[to] === value) to++;
    unique++;
    const rows = to - from;
    if (rows > (frequent[2]?.rows ?? 0))
      frequent = [...frequent, { value, rows }].sort((a, b) => b.rows - a.rows).slice(0, 3);
    from = to;
  }
  return { unique, frequent };
}

function sum(values: Float32Array, term: (value: number) => number): number {
  let total = 0;
  for (const value of values) total += term(value);
  return total;
}
