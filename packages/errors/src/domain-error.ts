/**
 * The one error class that every part throws.
 *
 * A `DomainError` says what kind of refusal it is by a code from a closed set, and says to the
 * person who must act what was found and what was wanted. It knows nothing of gRPC or HTTP; the
 * edge turns the code into a status.
 */

/** The closed set of codes; each means what the gRPC status of the same name means. */
export type ErrorCode =
  | "cancelled"
  | "unknown"
  | "invalid-argument"
  | "deadline-exceeded"
  | "not-found"
  | "already-exists"
  | "permission-denied"
  | "resource-exhausted"
  | "failed-precondition"
  | "aborted"
  | "out-of-range"
  | "unimplemented"
  | "internal"
  | "unavailable"
  | "data-loss"
  | "unauthenticated";

/** One faulty field: its path, and what was found and wanted there. */
export interface Violation {
  readonly field: string;
  readonly description: string;
}

export interface ErrorDetails {
  readonly violations?: readonly Violation[];
  /** When a repeat has a chance. */
  readonly retryAfterMs?: number;
  /** Facts for programs, e.g. the current revision; never secrets. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

export class DomainError extends Error {
  readonly code: ErrorCode;
  readonly violations: readonly Violation[];
  declare readonly retryAfterMs?: number;
  readonly metadata: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "DomainError";
    this.code = code;
    this.violations = details.violations ?? [];
    this.metadata = details.metadata ?? {};
    if (details.retryAfterMs !== undefined) this.retryAfterMs = details.retryAfterMs;
  }
}

/** Whether `error` is ours; `code`, when given, must match too. */
export function isDomainError(error: unknown, code?: ErrorCode): error is DomainError {
  return error instanceof DomainError && (code === undefined || error.code === code);
}

/** What a caller may know of whatever was thrown: what is not ours is kept to ourselves. */
export function publicError(thrown: unknown): DomainError {
  return isDomainError(thrown)
    ? thrown
    : new DomainError("internal", "internal error", { cause: thrown });
}

/** Whether it is our fault rather than the caller's or the hour's, so that the log must have it. */
export function isFault(thrown: unknown): boolean {
  return !isDomainError(thrown) || thrown.code === "internal" || thrown.code === "data-loss";
}

/** The message of whatever was thrown. */
export function errorMessage(error: unknown): string {
  if (error instanceof Error) return error.message === "" ? error.name : error.message;
  return typeof error === "string" ? error : String(error);
}
