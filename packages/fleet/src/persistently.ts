/**
 * Work that a task cannot do without is done again for as long as a store or a service is away: a
 * disk that is full for a minute must not end a job. Whatever else goes wrong is thrown at once.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { isDomainError } from "@amaas/errors";

const PAUSE_MS = 1_000;

export interface Persistence {
  /** Ends the waiting: the last problem is thrown. */
  readonly signal: AbortSignal;
  /** Told of each problem once, however long it lasts. */
  onProblem(error: Error): void;
  readonly pauseMs?: number;
}

export async function persistently<T>(
  work: () => Promise<T>,
  { signal, onProblem, pauseMs = PAUSE_MS }: Persistence,
): Promise<T> {
  let told = "";
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isDomainError(error, "unavailable") || signal.aborted) throw error;
      if (error.message !== told) onProblem(error);
      told = error.message;
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) throw error;
    }
  }
}
