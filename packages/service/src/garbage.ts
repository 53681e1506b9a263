/**
 * For services through which large messages pass: lets more garbage gather between two full
 * collections.
 *
 * A message's buffer lives for a moment, but V8 counts it as growth of a heap that is small
 * besides, and so collects every twenty megabytes. Training the digits, that was four tenths of a
 * parameter server's time. The allowance is the same for every job: it does not grow with what
 * is kept, as V8's own does. It is one for the heap and the buffers outside, which V8 by itself
 * limits apart, and then collects for on behalf of the one that is small.
 */
import { constants, type PerformanceEntry, PerformanceObserver } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";

/** Where V8 by itself grows at least as much. */
const LEAST_PERCENT = 50;
const MOST_PERCENT = 400;

/** Process-wide, worker threads included. */
export function allowGarbage(bytes = 192 * 1024 * 1024): void {
  const adapt = () => setFlagsFromString(`--heap-growing-percent=${growth(bytes, liveBytes())}`);
  const observer = new PerformanceObserver((list) => {
    if (list.getEntries().some(isMajorCollection)) adapt();
  });
  observer.observe({ entryTypes: ["gc"] });
  setFlagsFromString("--external-memory-accounted-in-global-limit");
  adapt();
}

/** By how many percent a heap with this much alive may grow; 0 leaves it to V8. */
export function growth(garbage: number, live: number): number {
  const percent = Math.round((100 * garbage) / live);
  return percent < LEAST_PERCENT ? 0 : Math.min(percent, MOST_PERCENT);
}

/** Shortly after a collection: what is in use. */
function liveBytes(): number {
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + Math.max(external, arrayBuffers);
}

function isMajorCollection(entry: PerformanceEntry): boolean {
  const detail = "detail" in entry ? entry.detail : undefined;
  return (
    typeof detail === "object" &&
    detail !== null &&
    "kind" in detail &&
    detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR
  );
}
