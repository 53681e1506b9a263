/** Whether a batch is made of a bin now that something is free to run it, and of how many rows; or until when it waits. */
import type { Bin } from "./bin.ts";
import type { CostModel } from "./cost-model.ts";
import type { KnobsPolicy, Policy, TargetPolicy } from "./policy.ts";
import type { CloseReason } from "./work.ts";

export interface Situation {
  readonly now: number;
  readonly cost: CostModel;
  /** Of all bins. */
  readonly waitingRows: number;
  readonly instances: number;
}

export type Verdict =
  | { readonly rows: number; readonly reason: CloseReason }
  | { readonly until: number };

/** Timers ring up to this much late. */
const latenessMs = 1;

export function verdictOn(policy: Policy, bin: Bin, situation: Situation): Verdict {
  if (policy.maxRows === 1) return { rows: 1, reason: "alone" };
  return policy.type === "knobs" ? byKnobs(policy, bin, situation) : byTarget(policy, situation);
}

/**
 * As Triton does it: a preferred size is sent as soon as it is reached, and when the oldest request
 * has waited for the delay everything is sent, whatever its size.
 */
function byKnobs(policy: KnobsPolicy, bin: Bin, { now, cost }: Situation): Verdict {
  const { maxRows, delayMs, preferredRows } = policy;
  if (delayMs === 0) return { rows: maxRows, reason: "idle" };
  const due = bin.oldest!.came + delayMs;
  if (now >= due) return { rows: maxRows, reason: "delay" };
  const preferred = preferredRows.length > 0 ? reached(preferredRows, maxRows, bin) : 0;
  if (preferred > 0) return { rows: preferred, reason: "preferred" };
  const largest = preferredRows.length > 0 ? Math.max(...preferredRows) : maxRows;
  if (bin.rows >= largest) return { rows: maxRows, reason: "full" };
  const urgent = bin.earliestDeadline - cost.ms(bin.rows) * cost.tail - latenessMs;
  if (now >= urgent) return { rows: maxRows, reason: "deadline" };
  return { until: Math.min(due, urgent) };
}

/** The largest preferred size that whole requests in their turn add up to; 0 where there is none. */
function reached(preferredRows: readonly number[], maxRows: number, bin: Bin): number {
  let best = 0;
  if (bin.rows === bin.requests) {
    for (const rows of preferredRows) if (rows <= bin.rows && rows > best) best = rows;
    return best;
  }
  let rows = 0;
  for (const entry of bin.inTurn()) {
    rows += entry.rows;
    if (rows > maxRows) break;
    if (preferredRows.includes(rows)) best = rows;
  }
  return best;
}

/**
 * A row that comes just after a batch has begun waits for it and then runs in another one: two
 * batches must fit in the target. More than two of them waiting is a backlog that does not fit any
 * more; it goes in the largest batches, which are the fastest for each row.
 */
function byTarget(
  { maxRows, targetP99Ms }: TargetPolicy,
  { cost, waitingRows, instances }: Situation,
): Verdict {
  const rows = Math.min(maxRows, cost.rowsWithin(targetP99Ms / 2));
  const batches = Math.ceil(waitingRows / (rows * instances));
  const backlog = batches * cost.ms(rows) > targetP99Ms;
  return { rows: backlog ? maxRows : rows, reason: "idle" };
}
