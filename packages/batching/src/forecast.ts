/** When a request that comes now would be answered, as far as can be told. */
import type { CostModel } from "./cost-model.ts";

export interface Load {
  readonly cost: CostModel;
  readonly maxRows: number;
  /** Runs at a time that this batcher can count on; not whole where others want the same slots. */
  readonly parallel: number;
  /** Milliseconds until the first of the runs that go on ends. */
  readonly freeInMs: number;
  /** What is served before. */
  readonly rowsBefore: number;
  readonly requestsBefore: number;
}

export interface Forecast {
  readonly waitMs: number;
  readonly runMs: number;
}

export function forecast(rows: number, load: Load): Forecast {
  const { cost, maxRows, parallel, freeInMs, rowsBefore, requestsBefore } = load;
  const batches = Math.min(requestsBefore, Math.floor(rowsBefore / maxRows));
  const last = maxRows === 1 ? 0 : rowsBefore % maxRows;
  const joins = last + rows <= maxRows;
  const starts = batches + (joins || last === 0 ? 0 : 1);
  const rowsOfOthers = joins ? rowsBefore - last : rowsBefore;
  return {
    waitMs: freeInMs + (starts * cost.startMs + rowsOfOthers * cost.rowMs) / parallel,
    runMs: cost.ms(joins ? last + rows : rows),
  };
}
