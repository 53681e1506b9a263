/**
 * Trying again while a server is unavailable, or too busy and says for how long: exponential delays with
 * jitter, until the deadline.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { DomainError, isDomainError } from "@amaas/errors";

const firstDelayMs = 50;
const longestDelayMs = 500;
/** An attempt that had less time than this says nothing of the server. */
const shortMs = 500;

export interface RetryOptions {
  /** Milliseconds since the epoch; no attempt begins after it. */
  readonly deadline: number;
  /** Any of them ends the waiting. */
  readonly signals: readonly AbortSignal[];
  /** Whether a server that is too busy, and says when to come back, is asked again then. */
  readonly busy?: boolean;
  onRetry(error: DomainError, attempts: number): void;
}

/** Rejects with the last attempt's error; where the deadline cut that one short, with the one before. */
export async function retrying<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  let away: DomainError | undefined;
  for (let attempts = 1; ; attempts++) {
    const began = Date.now();
    try {
      return await attempt();
    } catch (error) {
      const cutShort = isDomainError(error, "deadline-exceeded") && Date.now() - began < shortMs;
      if (away && cutShort) throw away;
      if (!isDomainError(error) || !comesBack(error, options)) throw error;
      const delay = delayBefore(attempts, error.retryAfterMs);
      if (Date.now() + delay >= options.deadline) throw error;
      away = error;
      options.onRetry(error, attempts);
      await pause(delay, options.signals, error);
    }
  }
}

function comesBack({ code, retryAfterMs }: DomainError, { busy = false }: RetryOptions): boolean {
  if (code === "unavailable") return true;
  return busy && code === "resource-exhausted" && retryAfterMs !== undefined;
}

/** Somewhere in the upper half of an exponential delay, and not before the server asks for. */
export function delayBefore(attempts: number, retryAfterMs = 0, random = Math.random()): number {
  const most = Math.min(longestDelayMs, firstDelayMs * 2 ** (attempts - 1));
  return Math.max(retryAfterMs, most * (0.5 + random / 2));
}

async function pause(ms: number, signals: readonly AbortSignal[], cause: Error): Promise<void> {
  try {
    await sleep(ms, undefined, { signal: AbortSignal.any([...signals]) });
  } catch {
    throw new DomainError("cancelled", `the caller gave up: ${cause.message}`, { cause });
  }
}
