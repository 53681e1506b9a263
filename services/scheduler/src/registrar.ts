/**
 * Sees to it that every job that waits to be registered is, however long the registry is away.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { errorMessage, isDomainError } from "@amaas/errors";
import type { Outcome } from "@amaas/proto/amaas/scheduler/v1/jobs";
import type { Telemetry } from "@amaas/telemetry";
import { fail, succeed } from "./endings.ts";
import type { SchedulerEvents } from "./events.ts";
import { because, type Job, type Registering } from "./job.ts";
import type { Ledger } from "./ledger.ts";
import { type Registry, registerJob } from "./register.ts";

interface Parts {
  readonly ledger: Ledger;
  readonly registry: Registry;
  readonly events: SchedulerEvents;
  readonly telemetry: Telemetry;
  readonly now: () => number;
}

const firstPauseMs = 500;
const longestPauseMs = 5_000;

export class Registrar {
  readonly #parts: Parts;
  readonly #running = new Map<string, Promise<void>>();
  readonly #stop = new AbortController();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Takes a job on, unless it is at it already. */
  look(job: Registering): void {
    if (this.#running.has(job.id) || this.#stop.signal.aborted) return;
    const running = this.#see(job).finally(() => this.#running.delete(job.id));
    this.#running.set(job.id, running);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running.values());
  }

  async #see(job: Registering): Promise<void> {
    const { registry, events, telemetry, now } = this.#parts;
    const { signal } = this.#stop;
    for (let pause = firstPauseMs; ; pause = Math.min(pause * 2, longestPauseMs)) {
      try {
        const register = () => registerJob(job, registry, signal);
        const outcome: Outcome = await telemetry.tracer.with(job.phase.traceparent, register);
        await this.#settle(job, (current) => succeed(current, outcome, now()));
        return;
      } catch (error) {
        const reason = errorMessage(error);
        if (signal.aborted) return;
        if (isRefusal(error)) {
          const text = `the registry refused the version: ${reason}`;
          await this.#settle(job, (current) => fail(current, text, now())).catch(() => {});
          return;
        }
        if (pause === firstPauseMs) events.registryAway(job, reason);
        await this.#settle(job, (current) =>
          because(current, `waits for the registry: ${reason}`),
        ).catch(() => {});
      }
      await sleep(pause, undefined, { signal }).catch(() => {});
      if (signal.aborted || !this.#isWaiting(job.id)) return;
    }
  }

  #isWaiting(id: string): boolean {
    return this.#parts.ledger.active().some((job) => job.id === id && job.state === "REGISTERING");
  }

  /** A job that was cancelled meanwhile stays so. */
  async #settle(job: Registering, become: (current: Registering) => Job): Promise<void> {
    await this.#parts.ledger.change((jobs) =>
      jobs.flatMap((current) =>
        current.id === job.id && current.state === "REGISTERING" ? [become(current)] : [],
      ),
    );
  }
}

/** What will be refused again however often it is asked. */
function isRefusal(error: unknown): boolean {
  const final = [
    "invalid-argument",
    "already-exists",
    "permission-denied",
    "failed-precondition",
    "out-of-range",
    "data-loss",
  ];
  return isDomainError(error) && final.includes(error.code);
}
