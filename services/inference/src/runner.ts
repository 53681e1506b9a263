/**
 * Runs batches of one version: the requests' rows brought together, the model run, and each given what
 * is its own.
 *
 * A run that fails is repeated for each of its requests alone, so that one that the model cannot run
 * does not fail the others; whose caller has left meanwhile is not.
 */
import type { Batch } from "@amaas/batching";
import type { ServingSession } from "@amaas/engine";
import { assemble, divide, type Outputs } from "./assemble.ts";
import type { Events } from "./events.ts";
import type { Feeds } from "./request.ts";
import type { Slabs } from "./slabs.ts";
import type { Execution, VersionStatistics } from "./version-statistics.ts";

/** A request, as it waits and runs. */
export interface Item {
  readonly feeds: Feeds;
  /** May be 0. */
  readonly rows: number;
  readonly signal: AbortSignal;
  readonly traceparent: string;
  /** On the clock of performance.now(). */
  readonly came: number;
  waits: boolean;
}

/** What has become of a request that was run. */
export type Outcome =
  | { readonly outputs: Outputs; readonly execution: Execution }
  | { readonly error: unknown };

export interface RunnerParts {
  readonly session: ServingSession;
  readonly statistics: VersionStatistics;
  readonly slabs: Slabs;
  readonly events: Pick<Events, "executed">;
}

export class Runner {
  readonly #parts: RunnerParts;
  #executions = 0;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  async run({ items, rows, reason }: Batch<Item>): Promise<readonly Outcome[]> {
    for (const item of items) this.stopsWaiting(item);
    try {
      return await this.#together(items, rows, reason);
    } catch (error) {
      if (items.length === 1) throw error;
      return await this.#oneByOne(items);
    }
  }

  stopsWaiting(item: Item): void {
    if (item.waits) this.#parts.statistics.waiting--;
    item.waits = false;
  }

  async #oneByOne(items: readonly Item[]): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    for (const item of items) {
      try {
        item.signal.throwIfAborted();
        outcomes.push(...(await this.#together([item], Math.max(1, item.rows), "alone")));
      } catch (error) {
        outcomes.push({ error });
      }
    }
    return outcomes;
  }

  async #together(
    items: readonly Item[],
    rows: number,
    closedBy: string,
  ): Promise<readonly Outcome[]> {
    const { session, statistics, slabs, events } = this.#parts;
    const startedAt = Date.now();
    const began = performance.now();
    const feeds = items.map(({ feeds }) => feeds);
    const assembled = assemble(feeds, session, slabs);
    const ready = performance.now();
    let instance = 0;
    const outputs = await session.run(assembled.feeds, {
      began(number) {
        instance = number;
      },
    });
    // After a failure the thread may still be at work in it.
    assembled.free();
    const ran = performance.now();
    const parts = divide(
      outputs,
      items.map((item) => item.rows),
    );
    const execution: Execution = {
      id: ++this.#executions,
      rows,
      padding: 0,
      requests: items.length,
      closedBy,
      instance,
      startedAt,
      inputMs: ready - began,
      inferMs: ran - ready,
      outputMs: performance.now() - ran,
    };
    const members = items.map(({ traceparent, came }) => ({ traceparent, queuedMs: began - came }));
    events.executed(statistics, execution, members);
    return parts.map((outputs) => ({ outputs, execution }));
  }
}
