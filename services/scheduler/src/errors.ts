/** The refusals of this service, in words for the person who must act. */
import { DomainError } from "@amaas/errors";

export function jobNotFound(id: string): DomainError {
  return new DomainError("not-found", `there is no job ${JSON.stringify(id.slice(0, 80))}`);
}

export function jobHasEnded(id: string, state: string): DomainError {
  return new DomainError("failed-precondition", `job ${id} has ended already: ${state}`);
}

export function nothingToResume(id: string, state: string): DomainError {
  const why =
    state === "SUCCEEDED"
      ? "it has succeeded, so nothing is left to do"
      : `it is ${state} and nothing is kept of it to go on from; submit its spec again`;
  return new DomainError("failed-precondition", `job ${id} cannot be resumed: ${why}`);
}

export function faultyRequest(field: string, description: string): DomainError {
  return new DomainError("invalid-argument", `${field}: ${description}`, {
    violations: [{ field, description }],
  });
}

export function keyOfAnotherSpec(key: string, job: string): DomainError {
  return new DomainError(
    "already-exists",
    `idempotency key ${JSON.stringify(key)} was used for job ${job}, which has another spec`,
    { metadata: { job } },
  );
}

export function queueIsFull(limit: number): DomainError {
  return new DomainError(
    "resource-exhausted",
    `${limit} jobs have not ended yet, which is the limit; submit again when some have`,
    { retryAfterMs: 60_000 },
  );
}

export function fleetIsFull(): DomainError {
  return new DomainError("resource-exhausted", "no more nodes can attach to this scheduler");
}

/** Two schedulers on one database: the other one was faster. */
export function changedElsewhere(id: string): DomainError {
  return new DomainError("aborted", `job ${id} was changed by another scheduler`);
}
