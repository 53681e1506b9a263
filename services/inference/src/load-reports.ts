/**
 * How loaded this replica is, for clients that balance by it (ORCA):
 *
 *   cpu_utilization          of the cores that it may use, by this process
 *   mem_utilization          of the memory that there is
 *   rps_fractional, eps      requests a second that were taken, and failures that are its own fault
 *   application_utilization  of what its models can do, the share that is asked of them, added up since
 *                            they share the cores; see headroom.ts
 *   named_metrics            queue: requests that wait; headroom: requests a second that could be taken
 *                            besides, of the model that was asked, or the least of those that are asked
 *
 * A report is made anew ten times a second at most, however often it is asked for.
 */
import { OrcaLoadReport } from "@amaas/proto/xds/data/orca/v3/orca_load_report";
import { memoryUse, utilization } from "./machine-metrics.ts";
import type { Statistics } from "./statistics.ts";
import type { VersionStatistics } from "./version-statistics.ts";

const newAfterMs = 100;

export interface LoadReportParts {
  readonly statistics: Statistics;
  /** That this process may use. */
  readonly cores: number;
  /** Whether answers tell without being asked. */
  readonly always: boolean;
}

export class LoadReports {
  readonly always: boolean;
  readonly #statistics: Statistics;
  readonly #cpu: () => number;
  readonly #stopped = new AbortController();
  /** By model, the replica's own under the empty name. */
  readonly #encoded = new Map<string, Uint8Array>();
  #madeAt = Number.NEGATIVE_INFINITY;

  constructor({ statistics, cores, always }: LoadReportParts) {
    this.always = always;
    this.#statistics = statistics;
    this.#cpu = utilization(() => {
      const { user, system } = process.cpuUsage();
      return { busy: (user + system) / 1000, all: performance.now() * cores };
    });
  }

  /** Aborted when streams of reports have to end. */
  get stopped(): AbortSignal {
    return this.#stopped.signal;
  }

  stop(): void {
    this.#stopped.abort();
  }

  /** On the wire, for the answer to a request of a model. */
  encoded(model: string): Uint8Array {
    const now = performance.now();
    if (now - this.#madeAt > newAfterMs) {
      this.#encoded.clear();
      this.#madeAt = now;
    }
    // Names that nobody serves have the replica's report.
    const known = this.#statistics.of(model).length > 0 ? model : "";
    const found = this.#encoded.get(known);
    if (found !== undefined) return found;
    const bytes = OrcaLoadReport.encode(this.report(known)).finish();
    this.#encoded.set(known, bytes);
    return bytes;
  }

  /** The empty name: of the replica. */
  report(model = ""): OrcaLoadReport {
    let [rate, errors, asked] = [0, 0, 0];
    for (const of of this.#statistics) {
      rate += of.pace.rate;
      errors += of.errorRate;
      asked += of.utilization ?? 0;
    }
    return {
      cpuUtilization: this.#cpu(),
      memUtilization: memoryUse(),
      requestCost: {},
      utilization: {},
      rpsFractional: rate,
      eps: errors,
      namedMetrics: this.#named(model),
      applicationUtilization: asked,
    };
  }

  #named(model: string): Record<string, number> {
    const all = model === "" ? [...this.#statistics] : this.#statistics.of(model);
    const queue = all.reduce((sum, { waiting }) => sum + waiting, 0);
    const headroom = least(model === "" ? all.filter(({ pace }) => pace.rate > 0) : all);
    return { queue, ...(headroom !== undefined && { headroom }) };
  }
}

function least(all: readonly VersionStatistics[]): number | undefined {
  let found: number | undefined;
  for (const { headroom } of all)
    if (headroom !== undefined && (found === undefined || headroom < found)) found = headroom;
  return found;
}
