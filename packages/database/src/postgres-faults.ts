/** What PostgreSQL's states and a lost connection mean to a caller. */
import { DomainError, type ErrorCode, errorMessage } from "@amaas/errors";
import pg from "pg";
import { TransactionConflict } from "./conflict.ts";

const { DatabaseError } = pg;

/** By SQLSTATE, or by its first two characters: the class. */
const codes: Readonly<Record<string, ErrorCode>> = {
  "08": "unavailable", // connection
  "22": "invalid-argument", // data: out of range, bad text
  "23": "failed-precondition", // constraint
  "23505": "already-exists", // unique
  "25006": "unavailable", // read-only: a standby after a fail-over
  "25P03": "unavailable", // idle in a transaction for too long
  "28": "unavailable", // log-in refused
  "3D000": "unavailable", // no such database
  "53": "unavailable", // out of disk, memory, connections
  "55P03": "unavailable", // a lock was not to be had
  "57": "unavailable", // shutting down, starting up, statement timeout
  "58": "unavailable", // the system under it failed
  XX001: "data-loss", // data corrupted
  XX002: "data-loss", // index corrupted
};

/** The transaction could not be serialised, or was chosen to end a deadlock. */
const conflicts: ReadonlySet<string> = new Set(["40001", "40P01"]);

/** States after which the server ends the connection. */
const fatal = /^(08|57P|25P03)/;

/** Turns what pg threw into what the caller should hear; passes on what it does not know. */
export function postgresFault(error: unknown): unknown {
  if (error instanceof DomainError || isProgrammingError(error)) return error;
  if (!(error instanceof DatabaseError)) return fault("unavailable", error);
  const state = error.code ?? "";
  if (conflicts.has(state)) return new TransactionConflict(error);
  const code = codes[state] ?? codes[state.slice(0, 2)];
  return code === undefined ? error : fault(code, error);
}

/** Whether the connection an error came from can be used again. */
export function isUsableAfter(error: unknown): boolean {
  return error instanceof DatabaseError && !fatal.test(error.code ?? "");
}

/** Everything else that is not the server's word is a connection that failed or timed out. */
function isProgrammingError(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError || !(error instanceof Error);
}

function fault(code: ErrorCode, cause: unknown): DomainError {
  return new DomainError(code, `database: ${reasonOf(cause)}`, { cause });
}

/** A refused connection is an AggregateError, one per address, that says nothing itself. */
function reasonOf(error: unknown): string {
  return error instanceof AggregateError && error.errors.length > 0
    ? errorMessage(error.errors[0])
    : errorMessage(error);
}
