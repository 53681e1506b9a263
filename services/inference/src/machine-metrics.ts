/**
 * Triton's metrics of the machine: how busy its cores are, and its memory. In a container they are those
 * that it may use, where its limits say so.
 */
import { cpus, freemem, totalmem } from "node:os";
import type { Metrics } from "@amaas/telemetry";

export interface CoreTime {
  readonly busy: number;
  readonly all: number;
}

export function showMachine(metrics: Metrics): void {
  const one = (value: () => number) => () => [{ labels: {}, value: value() }];
  metrics.read({
    name: "nv_cpu_utilization",
    help: "Share of the cores' time that was busy since the last page, from 0 to 1",
    type: "gauge",
    read: one(utilization()),
  });
  metrics.read({
    name: "nv_cpu_memory_total_bytes",
    help: "Memory that there is",
    type: "gauge",
    read: one(total),
  });
  metrics.read({
    name: "nv_cpu_memory_used_bytes",
    help: "Memory that is in use",
    type: "gauge",
    read: one(() => total() - available()),
  });
}

/** Pages may be asked for in quick succession, in which the cores' clocks hardly tick. */
const leastMs = 500;

/** The share since the time before, or since the start of the machine the first time. */
export function utilization(read: () => CoreTime = coreTime, now = () => performance.now()) {
  let last: CoreTime = { busy: 0, all: 0 };
  let at = Number.NEGATIVE_INFINITY;
  let share = 0;
  return (): number => {
    if (now() - at < leastMs) return share;
    const time = read();
    const all = time.all - last.all;
    if (all > 0) share = Math.min(1, Math.max(0, (time.busy - last.busy) / all));
    last = time;
    at = now();
    return share;
  };
}

function coreTime(): CoreTime {
  let [busy, all] = [0, 0];
  for (const { times } of cpus()) {
    const used = times.user + times.nice + times.sys + times.irq;
    busy += used;
    all += used + times.idle;
  }
  return { busy, all };
}

/** Of the memory that there is, the share that is in use. */
export function memoryUse(): number {
  return Math.min(1, Math.max(0, (total() - available()) / total()));
}

/** Without a limit the kernel says that there is none in various ways. */
function total(): number {
  const limit = process.constrainedMemory();
  return limit > 0 && limit < totalmem() ? limit : totalmem();
}

function available(): number {
  return Math.min(total(), process.availableMemory() || freemem());
}
