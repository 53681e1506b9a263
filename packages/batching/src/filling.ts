/** Which entries a batch is made of, once it is made: in their turn, until no more fit. */
import type { Bin } from "./bin.ts";
import type { CostModel } from "./cost-model.ts";
import type { Entry } from "./entry.ts";
import type { Queue } from "./queue.ts";
import type { CloseReason } from "./work.ts";

export interface Limits {
  /** Rows of this batch. */
  readonly rows: number;
  /** Why it is made. */
  readonly reason: CloseReason;
  /** Rows of any batch. */
  readonly maxRows: number;
  readonly now: number;
  readonly cost: CostModel;
}

export interface Filled {
  readonly entries: readonly Entry[];
  readonly rows: number;
  readonly reason: CloseReason;
}

/** Takes them out of the queue. The first is taken in any case; more are not, where they would make it late. */
export function fill(queue: Queue, bin: Bin, limits: Limits): Filled {
  const { maxRows, now, cost } = limits;
  let rows = 0;
  let due = Number.POSITIVE_INFINITY;
  let over: CloseReason | undefined;
  const makesLate = (total: number) => now + cost.ms(total) > due && now + cost.ms(rows) <= due;
  const entries = queue.take(bin, (entry) => {
    const total = rows + entry.rows;
    if (rows > 0 && total > limits.rows) over = beyond(limits);
    else if (rows > 0 && makesLate(total)) over = "deadline";
    if (over) return false;
    rows = total;
    due = Math.min(due, entry.deadline);
    return true;
  });
  if (maxRows === 1 || rows > maxRows) return { entries, rows, reason: "alone" };
  return { entries, rows, reason: rows === maxRows ? "full" : (over ?? limits.reason) };
}

/** Why no more fit in it. */
function beyond({ rows, maxRows, reason }: Limits): CloseReason {
  if (rows === maxRows) return "full";
  return reason === "preferred" ? "preferred" : "target";
}
