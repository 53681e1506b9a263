/** Who may wait: the queue is bounded in requests and bytes, and nobody waits in vain. */
import type { Entry } from "./entry.ts";
import { queueFull, queueSizeExceeded, tooLate } from "./errors.ts";
import { type Forecast, forecast, type Load } from "./forecast.ts";
import type { QueuePolicy } from "./policy.ts";
import type { Queue } from "./queue.ts";
import type { Room } from "./room.ts";

export interface Gate {
  readonly queue: Queue;
  readonly room: Room;
  /** Requests that may wait. */
  readonly limit: number;
  /** Of the entry's level. */
  readonly queuePolicy: QueuePolicy;
  /** What runs, without what waits. */
  readonly load: Omit<Load, "rowsBefore" | "requestsBefore">;
}

/** Throws what the caller is told if the entry may not wait. */
export function admit(entry: Entry, gate: Gate): void {
  const { queue, room, limit, queuePolicy } = gate;
  const { bytes } = entry.work;
  const { maxQueueSize } = queuePolicy;
  const sameLevel =
    maxQueueSize === 0 ? 0 : queue.requestsAt(entry.rank) + queue.requestsAt(entry.rank + 1);
  if (maxQueueSize > 0 && sameLevel >= maxQueueSize)
    throw queueSizeExceeded(maxQueueSize, expected(entry, gate).waitMs);
  if (queue.requests >= limit)
    throw queueFull(`${queue.requests} requests wait`, expected(entry, gate).waitMs);
  if (queue.requests > 0 && !room.holds(bytes))
    throw queueFull(`${room.bytes} bytes wait`, expected(entry, gate).waitMs);
  if (entry.deadline === Number.POSITIVE_INFINITY) return;
  const { waitMs, runMs } = expected(entry, gate);
  const leftMs = entry.deadline - entry.came;
  if (waitMs + runMs > leftMs) throw tooLate(waitMs, runMs, leftMs);
}

function expected({ rank, rows, work }: Entry, { queue, load }: Gate): Forecast {
  const rowsBefore = Math.max(0, queue.rowsBefore(rank, work.tenant, rows));
  const requestsBefore = queue.rows === 0 ? 0 : (queue.requests * rowsBefore) / queue.rows;
  return forecast(rows, { ...load, rowsBefore, requestsBefore });
}
