/** Whether memory and latency stayed where they were: a line through the periods, and how far it rises. */
import type { Target } from "../bench/report.ts";
import type { Outcome, Period } from "./soak.ts";

/** Threads, caches and code are still coming to their size. */
const warmShare = 0.25;
const most = { residentMb: 60, heapMb: 15, p50Share: 0.5, p99Share: 1 };

export function verdict({ periods, wrong, disagreements, exitCode }: Outcome): Target[] {
  const counted = periods.slice(Math.floor(periods.length * warmShare));
  const resident = rise(counted, ({ residentMb }) => residentMb);
  const heap = rise(counted, ({ heapMb }) => heapMb);
  const p50 = rise(counted, ({ p50Ms }) => p50Ms) / mean(counted, ({ p50Ms }) => p50Ms);
  const p99 = rise(counted, ({ p99Ms }) => p99Ms) / mean(counted, ({ p99Ms }) => p99Ms);
  return [
    limit("resident memory rises by", resident, most.residentMb, "MB"),
    limit("heap rises by", heap, most.heapMb, "MB"),
    limit("p50 rises by", p50 * 100, most.p50Share * 100, "%"),
    limit("p99 rises by", p99 * 100, most.p99Share * 100, "%"),
    none("wrong answers and failures", wrong),
    none("disagreements of clients, ModelStatistics and metrics", disagreements),
    { what: "exit code", wanted: "0", found: String(exitCode), met: exitCode === 0 },
  ];
}

/** Of the line of least squares, from the first period to the last. */
export function rise(periods: readonly Period[], of: (period: Period) => number): number {
  if (periods.length < 2) return 0;
  const seconds = mean(periods, (period) => period.seconds);
  const middle = mean(periods, of);
  let [up, along] = [0, 0];
  for (const period of periods) {
    up += (period.seconds - seconds) * (of(period) - middle);
    along += (period.seconds - seconds) ** 2;
  }
  return (up / along) * (periods.at(-1)!.seconds - periods[0]!.seconds);
}

function mean(periods: readonly Period[], of: (period: Period) => number): number {
  return periods.reduce((sum, period) => sum + of(period), 0) / periods.length;
}

function limit(what: string, found: number, wanted: number, unit: string): Target {
  const told = `${found.toFixed(1)} ${unit}`;
  return { what, wanted: `at most ${wanted} ${unit}`, found: told, met: found <= wanted };
}

function none(what: string, found: readonly string[]): Target {
  const told = found.length === 0 ? "none" : found.join("\n       ");
  return { what, wanted: "none", found: told, met: found.length === 0 };
}
