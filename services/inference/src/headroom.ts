/**
 * How many more requests a second a version could take: the number to scale replicas by.
 *
 * headroom = capacity - rate, and never below 0, where
 *
 * - `rate` is the requests a second that were taken lately, and those of them that were refused for want
 *   of room are not counted: they were not taken;
 * - `capacity` is what its instances can do with batches of the best size n, in requests of the size that
 *   they have lately, r rows each:
 *
 *       instances * n / ms(n) * 1000 / r
 *
 *   with ms(n) the time that a batch of n rows takes, as fitted to the version's runs. n is the most
 *   rows that a batch may have; where a p99 is aimed at, at most those of which two batches fit into it
 *   in 99 of 100 cases, since a request that comes at full load waits for the batch before its own. A
 *   version whose single rows take longer than the p99 that it is to have has no capacity.
 *
 * It is that of this version if the others stay as idle or busy as they were during its runs. Until a run
 * has been seen there is nothing to tell, and no headroom.
 */
/** What is known of the time that runs take; packages/batching's cost model is one. */
export interface Cost {
  readonly known: boolean;
  /** Milliseconds that a batch of `rows` takes. */
  ms(rows: number): number;
  /** Rows of the largest batch that takes at most `ms` in 99 of 100 runs; at least 1. */
  rowsWithin(ms: number): number;
}

/** What a loaded version has to work with. */
export interface Resources {
  /** What its instances take, weights and all. */
  readonly memoryBytes: number;
  /** It hangs or crashes, and is not run any more. */
  readonly quarantined: boolean;
  readonly instances: number;
  /** Rows of a batch; 1 where it is not batched. */
  readonly maxRows: number;
  /** The latency that 99 of 100 requests are to stay under; undefined where none is given. */
  readonly targetP99Ms: number | undefined;
  readonly cost: Cost;
}

/** Requests a second and rows a request, as they are lately. */
export interface Pace {
  readonly rate: number;
  readonly rowsPerRequest: number;
}

/** Requests a second that its instances can do; undefined where no run has been seen. */
export function capacity(resources: Resources, rowsPerRequest: number): number | undefined {
  const { cost, instances, maxRows, targetP99Ms } = resources;
  if (!cost.known) return undefined;
  // A request of more rows than a batch has runs alone.
  const largest = Math.max(maxRows, rowsPerRequest);
  const fitting = targetP99Ms === undefined ? largest : cost.rowsWithin(targetP99Ms / 2);
  const rows = Math.max(rowsPerRequest, Math.min(largest, fitting));
  const ms = cost.ms(rows);
  if (targetP99Ms !== undefined && ms > targetP99Ms) return 0;
  // What takes no measurable time is limited by something else.
  return (instances * rows * 1000) / Math.max(ms, 0.001) / rowsPerRequest;
}

/** Requests a second; undefined where no run has been seen. */
export function headroom(resources: Resources, pace: Pace): number | undefined {
  const most = capacity(resources, pace.rowsPerRequest);
  return most === undefined ? undefined : Math.max(0, most - pace.rate);
}
