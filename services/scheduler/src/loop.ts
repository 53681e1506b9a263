/**
 * Looks after the jobs: on every change and on a slow timer it asks what they should become,
 * keeps that, and tells the nodes what follows from it.
 */
import type { Telemetry } from "@amaas/telemetry";
import type { SchedulerEvents } from "./events.ts";
import { type Fleet, tickMs } from "./fleet.ts";
import type { ActiveJob } from "./job.ts";
import type { Ledger } from "./ledger.ts";
import type { Moment } from "./observe.ts";
import { reconcile } from "./reconcile.ts";
import type { Registrar } from "./registrar.ts";
import { desiredTasks } from "./tasks.ts";

interface Parts {
  readonly ledger: Ledger;
  readonly fleet: Fleet;
  readonly registrar: Registrar;
  readonly events: SchedulerEvents;
  readonly telemetry: Telemetry;
  readonly now: () => number;
}

const pauseAfterFailureMs = 500;

export class Loop {
  readonly #parts: Parts;
  readonly #timer: NodeJS.Timeout;
  #dirty = false;
  #running: Promise<void> | undefined;
  #closed = false;
  #fault: string | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#timer = setInterval(() => {
      parts.fleet.tick();
      this.wake();
    }, tickMs);
  }

  /** Something may have changed. */
  wake(): void {
    this.#dirty = true;
    if (this.#closed) return;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      if (this.#dirty) this.wake();
    });
  }

  /** Why the jobs cannot be looked after just now. */
  get fault(): string | undefined {
    return this.#fault;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#dirty && !this.#closed) {
      this.#dirty = false;
      try {
        // What has changed may change more.
        if (await this.#look()) this.#dirty = true;
        this.#fault = undefined;
      } catch (error) {
        this.#fault = "the jobs cannot be looked after";
        this.#parts.events.reconcileFailed(error);
        this.#dirty = true;
        await new Promise((resolve) => setTimeout(resolve, pauseAfterFailureMs));
      }
    }
  }

  async #look(): Promise<boolean> {
    const { ledger, fleet, registrar, events } = this.#parts;
    const changed = await ledger.change((jobs) => reconcile(jobs, this.#moment()));
    const jobs = ledger.active();
    fleet.assign((node) => desiredTasks(jobs, node));
    for (const job of jobs) if (job.state === "REGISTERING") registrar.look(job);
    events.nodesCounted(fleet.view().nodes);
    return changed;
  }

  #moment(): Moment {
    const { fleet, events, telemetry, now } = this.#parts;
    const start = now();
    return {
      fleet: fleet.view(),
      now: start,
      enter: (job: ActiveJob) => ({ traceparent: telemetry.tracer.reserve(job.root), start }),
      differs: (job, shard, step) => events.stateDiffers(job, shard, step),
    };
  }
}
