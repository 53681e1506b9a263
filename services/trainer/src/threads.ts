/** The threads of a trainer: those that compute, and the one that reads rows a step ahead of them. */
import { startThread, type Thread } from "@amaas/engine";
import type { ComputeApi } from "./compute.thread.ts";
import type { ReadAheadApi } from "./read-ahead.thread.ts";
import { STEPS_AHEAD } from "./read-ahead.ts";
import { ThreadClock } from "./thread-clock.ts";

export interface Worker {
  readonly thread: Thread<ComputeApi>;
  /** float32: where it leaves a gradient. */
  readonly result: SharedArrayBuffer;
  readonly clock: ThreadClock;
  busy: boolean;
}

export function startWorkers(count: number, parameters: number): Worker[] {
  const url = new URL("./compute.thread.ts", import.meta.url);
  return Array.from({ length: count }, (_, index) => ({
    thread: startThread<ComputeApi>(url, { name: `compute-${index}` }),
    result: new SharedArrayBuffer(parameters * 4),
    clock: new ThreadClock(),
    busy: false,
  }));
}

export function startReadAhead(): Thread<ReadAheadApi> {
  const url = new URL("./read-ahead.thread.ts", import.meta.url);
  return startThread<ReadAheadApi>(url, { name: "read-ahead" });
}

/** The next steps most likely have the same leaves for this trainer; a wrong guess costs some reading. */
export function prefetch(
  thread: Thread<ReadAheadApi>,
  version: number,
  totalSteps: number,
  [from, to]: readonly [number, number],
): void {
  const leaves = Array.from({ length: to - from }, (_, at) => from + at);
  const last = Math.min(version + STEPS_AHEAD, totalSteps - 1);
  // What cannot be read here fails where it is asked for.
  for (let step = version + 1; step <= last; step++)
    thread.call("fill", step, leaves).catch(() => undefined);
}
