/**
 * Errors and HTTP statuses: one total table, Triton's where Triton has the error, Google's mapping of
 * gRPC codes for the others.
 */
import { DomainError, type ErrorCode } from "@amaas/errors";
import { type Reply, textOf } from "./reply.ts";

const statuses: { readonly [C in ErrorCode]: number } = {
  "invalid-argument": 400,
  "already-exists": 400,
  "failed-precondition": 400,
  "out-of-range": 400,
  unauthenticated: 401,
  "permission-denied": 403,
  "not-found": 404,
  aborted: 409,
  // A client that is told to come back later, unlike one that is told to try another replica (503).
  "resource-exhausted": 429,
  // Nobody reads it; it is what the span and the metric say.
  cancelled: 499,
  unknown: 500,
  internal: 500,
  "data-loss": 500,
  unimplemented: 501,
  unavailable: 503,
  "deadline-exceeded": 504,
};

/** A refusal that only HTTP has a status for. */
export class HttpRefusal extends DomainError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super("invalid-argument", message);
    this.status = status;
    this.headers = headers;
  }
}

export function statusOf(error: DomainError): number {
  return error instanceof HttpRefusal ? error.status : statuses[error.code];
}

export function errorReply(error: DomainError): Reply {
  const retryAfter = error.retryAfterMs;
  return {
    status: statusOf(error),
    headers: {
      "content-type": "application/json",
      ...(retryAfter === undefined
        ? {}
        : { "retry-after": String(Math.max(1, Math.ceil(retryAfter / 1000))) }),
      ...(error instanceof HttpRefusal ? error.headers : {}),
    },
    body: [textOf(JSON.stringify({ error: error.message }))],
  };
}
