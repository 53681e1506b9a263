/**
 * Errors and gRPC statuses: one total table.
 *
 * A `DomainError` crosses the wire whole (code, message, violations, retry delay, metadata) as
 * far as the limits of a trailer allow.
 */
import { DomainError, type ErrorCode } from "@amaas/errors";
import { type StatusObject, status } from "@grpc/grpc-js";
import { decodeDetails, detailsKey, encodeDetails } from "./details.ts";

const statuses = {
  cancelled: status.CANCELLED,
  unknown: status.UNKNOWN,
  "invalid-argument": status.INVALID_ARGUMENT,
  "deadline-exceeded": status.DEADLINE_EXCEEDED,
  "not-found": status.NOT_FOUND,
  "already-exists": status.ALREADY_EXISTS,
  "permission-denied": status.PERMISSION_DENIED,
  "resource-exhausted": status.RESOURCE_EXHAUSTED,
  "failed-precondition": status.FAILED_PRECONDITION,
  aborted: status.ABORTED,
  "out-of-range": status.OUT_OF_RANGE,
  unimplemented: status.UNIMPLEMENTED,
  internal: status.INTERNAL,
  unavailable: status.UNAVAILABLE,
  "data-loss": status.DATA_LOSS,
  unauthenticated: status.UNAUTHENTICATED,
} satisfies Record<ErrorCode, status>;

const codes: ReadonlyMap<number, ErrorCode> = new Map(
  (Object.keys(statuses) as ErrorCode[]).map((code) => [statuses[code], code]),
);

/** As the span attribute and the metric label have it: NOT_FOUND. */
export function statusName(code: ErrorCode | "ok"): string {
  return code === "ok" ? "OK" : status[statuses[code]];
}

/** A longer message than this does not survive every proxy's limit on trailers. */
const longestMessage = 1024;

/** A status as HTTP/2 headers. */
export type Trailers = Readonly<Record<string, string>>;

export function toTrailers(error: DomainError): Trailers {
  const code = statuses[error.code];
  const message = sayable(error.message);
  const details = encodeDetails(code, message, error);
  return {
    "grpc-status": String(code),
    "grpc-message": encodeURI(message),
    ...(details === undefined ? {} : { [detailsKey]: details.toString("base64") }),
  };
}

export function unimplemented(path: string): Trailers {
  return toTrailers(new DomainError("unimplemented", `no method ${path} is served here`));
}

export function fromStatus({ code, details, metadata }: StatusObject): DomainError {
  const [bytes] = metadata.get(detailsKey);
  const told = bytes instanceof Buffer ? decodeDetails(bytes) : {};
  return new DomainError(codes.get(code) ?? "unknown", details, told);
}

/** The message is percent-encoded, which a lone surrogate would make throw. */
function sayable(message: string): string {
  const short =
    message.length <= longestMessage ? message : `${message.slice(0, longestMessage - 1)}…`;
  return short.toWellFormed();
}
