/** What a batcher refuses. Where Triton has a text for it, it is Triton's: clients look for it. */
import { DomainError } from "@amaas/errors";

/** Long enough to help, short enough that nobody gives up on it. */
function retryAfter(waitMs: number): number {
  return Math.min(10_000, Math.max(1, Math.ceil(waitMs)));
}

export function queueFull(what: string, waitMs: number): DomainError {
  const retryAfterMs = retryAfter(waitMs);
  return new DomainError(
    "resource-exhausted",
    `the queue is full: ${what}; try again in ${retryAfterMs} ms or elsewhere`,
    { retryAfterMs },
  );
}

export function tooLate(waitMs: number, runMs: number, leftMs: number): DomainError {
  return new DomainError(
    "resource-exhausted",
    `the request would wait about ${Math.ceil(waitMs)} ms and run ${Math.ceil(runMs)} ms, and its deadline is in ${Math.ceil(leftMs)} ms`,
    { retryAfterMs: retryAfter(waitMs) },
  );
}

export function crowdedOut(tenant: string, waiting: number, waitMs: number): DomainError {
  const retryAfterMs = retryAfter(waitMs);
  return new DomainError(
    "resource-exhausted",
    `the queue is full, and tenant '${tenant.slice(0, 80)}' has ${waiting} requests in it, more than its share; try again in ${retryAfterMs} ms or elsewhere`,
    { retryAfterMs },
  );
}

export function queueSizeExceeded(limit: number, waitMs: number): DomainError {
  return new DomainError(
    "unavailable",
    `Exceeds maximum queue size: ${limit} requests wait at this priority`,
    { retryAfterMs: retryAfter(waitMs) },
  );
}

export function timedOut(waitedMs: number): DomainError {
  return new DomainError(
    "unavailable",
    `Request timeout expired after ${Math.ceil(waitedMs)} ms in the queue`,
  );
}

export function deadlinePassed(waitedMs: number): DomainError {
  return new DomainError(
    "deadline-exceeded",
    `the deadline passed after ${Math.ceil(waitedMs)} ms in the queue, before a run`,
  );
}

export function wrongAnswerCount(found: number, wanted: number): DomainError {
  return new DomainError("internal", `a batch of ${wanted} requests got ${found} answers`);
}

export function batcherClosed(): DomainError {
  return new DomainError("unavailable", "no more requests are taken here: it is being closed");
}
