/**
 * The logs of jobs: what the scheduler and the nodes have to say about a job, in order.
 *
 * Lines are gathered and written behind the back of whoever says them; `flush` waits for them.
 * Best effort: a log never holds up a job, so lines are dropped while the database is away and
 * too many wait, and a job's log ends at a limit.
 */
import { errorMessage } from "@amaas/errors";
import type { Telemetry } from "@amaas/telemetry";
import type { Store } from "./store.ts";
import type { LogRow } from "./tables.ts";
import type { Watchers } from "./watch.ts";

export interface Line {
  readonly job: string;
  readonly time: number;
  readonly severity: string;
  /** The node that says it. */
  readonly source: string;
  readonly message: string;
}

const longestLog = 10_000;
const longestMessage = 4_000;
const mostWaiting = 5_000;
const severities = ["info", "warn", "error"];

export class JobLog {
  readonly #store: Store;
  readonly #watchers: Watchers;
  readonly #telemetry: Telemetry;
  /** Next line number by job. */
  readonly #next = new Map<string, number>();
  #waiting: Line[] = [];
  #writing: Promise<void> | undefined;

  constructor(parts: { store: Store; watchers: Watchers; telemetry: Telemetry }) {
    this.#store = parts.store;
    this.#watchers = parts.watchers;
    this.#telemetry = parts.telemetry;
  }

  append(line: Line): void {
    if (this.#waiting.length >= mostWaiting) return;
    this.#waiting.push({
      ...line,
      severity: severities.includes(line.severity) ? line.severity : "info",
      // PostgreSQL keeps no zero bytes.
      message: line.message.slice(0, longestMessage).toWellFormed().replaceAll("\0", ""),
    });
    this.#writing ??= this.#write();
  }

  /** Resolves when what was said so far is written, or was given up. */
  async flush(): Promise<void> {
    while (this.#writing) await this.#writing;
  }

  /** The job says no more. */
  async forget(job: string): Promise<void> {
    await this.flush();
    this.#next.delete(job);
  }

  async #write(): Promise<void> {
    // A turn later, so that lines said together are written together.
    await new Promise((resolve) => setImmediate(resolve));
    const lines = this.#waiting;
    this.#waiting = [];
    try {
      const rows = await this.#number(lines);
      await this.#store.appendLog(rows);
    } catch (error) {
      this.#telemetry.log.warn("lines of job logs were lost", {
        lines: lines.length,
        reason: errorMessage(error),
      });
      // Numbers that were not used would leave gaps.
      this.#next.clear();
    }
    this.#writing = this.#waiting.length > 0 ? this.#write() : undefined;
    for (const job of new Set(lines.map((line) => line.job))) this.#watchers.notify(job);
  }

  async #number(lines: readonly Line[]): Promise<LogRow[]> {
    const rows: LogRow[] = [];
    for (const { job, time, severity, source, message } of lines) {
      const number = this.#next.get(job) ?? (await this.#store.logLength(job));
      if (number > longestLog) continue;
      const last = number === longestLog;
      const text = last ? `the log ends here, at its limit of ${longestLog} lines` : message;
      rows.push({ job, line: number, time: Math.round(time), severity, source, message: text });
      this.#next.set(job, number + 1);
    }
    return rows;
  }
}
