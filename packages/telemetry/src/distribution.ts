/**
 * How often a figure fell into which range, with a trace for each range: a histogram that is counted
 * where the figure is made and shown when somebody looks.
 *
 * Observing is a comparison for each bound below the figure and a few stores. Memory is taken with the first
 * figure, and for traces with the first recorded one: of thousands, few are ever used.
 */
import { isSampled } from "./trace-context.ts";

/** For calls and requests: the buckets of OpenTelemetry's conventions, and finer ones below for those within one machine. */
export const callSeconds: readonly number[] = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1,
  2.5, 5, 7.5, 10,
];

interface Traces {
  readonly traceparents: (string | undefined)[];
  readonly values: Float64Array;
  readonly times: Float64Array;
}

const nothing: readonly number[] = [];

export class Distribution {
  /** Ascending; a value equal to a bound is counted in its range. */
  readonly bounds: readonly number[];
  #counts: number[] | undefined;
  #traces: Traces | undefined;
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
  }

  /** For each bound, and one for what is above them all; nothing before the first figure. */
  get counts(): readonly number[] {
    return this.#counts ?? nothing;
  }

  get sum(): number {
    return this.#sum;
  }

  /** Whether nothing was observed. */
  get isEmpty(): boolean {
    return this.#counts === undefined;
  }

  get count(): number {
    let count = 0;
    for (const each of this.counts) count += each;
    return count;
  }

  /**
   * `traceparent` becomes the exemplar of the range if its trace is recorded; `at` is when, in
   * milliseconds since the epoch.
   */
  observe(value: number, traceparent?: string, at = 0): void {
    const { bounds } = this;
    this.#counts ??= new Array<number>(bounds.length + 1).fill(0);
    let index = 0;
    while (index < bounds.length && value > bounds[index]!) index++;
    this.#counts[index]!++;
    this.#sum += value;
    if (traceparent === undefined || !isSampled(traceparent)) return;
    this.#traces ??= noTraces(bounds.length + 1);
    this.#traces.traceparents[index] = traceparent;
    this.#traces.values[index] = value;
    this.#traces.times[index] = at;
  }

  /** The newest that was observed in a range together with a recorded trace. */
  exemplar(index: number): Exemplar | undefined {
    const traceparent = this.#traces?.traceparents[index];
    if (this.#traces === undefined || traceparent === undefined) return undefined;
    const { values, times } = this.#traces;
    return { traceId: traceparent.slice(3, 35), value: values[index]!, at: times[index]! };
  }

  /**
   * The value below which a share of the observed ones lies, taken as evenly spread within each
   * range; undefined where nothing was observed. What is above all bounds counts as the last bound.
   */
  quantile(share: number): number | undefined {
    return quantile(this.bounds, this.counts, share);
  }
}

function noTraces(ranges: number): Traces {
  return {
    traceparents: new Array<string | undefined>(ranges).fill(undefined),
    values: new Float64Array(ranges),
    times: new Float64Array(ranges),
  };
}

export interface Exemplar {
  readonly traceId: string;
  readonly value: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** The same of counts that came from elsewhere, or of the difference between two moments. */
export function quantile(
  bounds: readonly number[],
  counts: ArrayLike<number>,
  share: number,
): number | undefined {
  let total = 0;
  for (let index = 0; index < counts.length; index++) total += counts[index]!;
  if (total === 0) return undefined;
  const wanted = share * total;
  let below = 0;
  for (const [index, bound] of bounds.entries()) {
    const count = counts[index] ?? 0;
    if (count > 0 && below + count >= wanted) {
      const from = bounds[index - 1] ?? Math.min(0, bound);
      return from + ((bound - from) * Math.max(0, wanted - below)) / count;
    }
    below += count;
  }
  return bounds.at(-1);
}
