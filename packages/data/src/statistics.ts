/**
 * What scaling needs to know of a column, computed in float64 over float32 values.
 */

export interface Scale {
  readonly mean: number;
  /** Never 0: what does not vary is only shifted. */
  readonly deviation: number;
}

/** Mean and standard deviation of the values at `rows`, for labels of a regression. */
export function labelScale(values: Float32Array, rows: Uint32Array): Scale {
  return scaleOf(Float32Array.from(rows, (row) => values[row] ?? 0));
}

export function scaleOf(values: Float32Array): Scale {
  const mean = sum(values, (value) => value) / Math.max(1, values.length);
  const variance = sum(values, (value) => (value - mean) ** 2) / Math.max(1, values.length);
  // A column of one value has a variance of rounding errors, if any.
  const constant = values.every((value) => value === values[0]);
  const deviation = constant ? 1 : Math.sqrt(variance);
  return { mean: values.length === 0 ? 0 : mean, deviation: isUsable(deviation) ? deviation : 1 };
}

/** Of mean 0 and deviation 1, unless nothing varies. */
export function standardised(values: Float32Array): Float64Array {
  const { mean, deviation } = scaleOf(values);
  return Float64Array.from(values, (value) => (value - mean) / deviation);
}

/** Of the values that are there; 0 where none is. */
export function meanOf(values: Float32Array): number {
  const present = values.filter((value) => !Number.isNaN(value));
  return sum(present, (value) => value) / Math.max(1, present.length);
}

/**
 * What a share of the values that are there does not exceed, on a straight line between the two nearest; 0
 * where none is there.
 */
export function quantileOf(values: Float32Array, share: number): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  if (sorted.length === 0) return 0;
  const place = share * (sorted.length - 1);
  const lower = sorted[Math.floor(place)]!;
  return lower + (sorted[Math.ceil(place)]! - lower) * (place - Math.floor(place));
}

/** The middle of the values that are there; 0 where none is. */
export function medianOf(values: Float32Array): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

/** Whether dividing by it in float32 gives something. */
export function isUsable(deviation: number): boolean {
  return Math.fround(deviation) > 0 && Number.isFinite(Math.fround(deviation));
}

function sum(values: Float32Array, term: (value: number) => number): number {
  let total = 0;
  for (const value of values) total += term(value);
  return total;
}
