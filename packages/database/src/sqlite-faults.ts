/** What SQLite's result codes mean to a caller: https://www.sqlite.org/rescode.html */
import { DomainError, type ErrorCode, errorMessage } from "@amaas/errors";

const uniqueViolations: ReadonlySet<number> = new Set([1555, 2067, 2579]);

/** By primary result code, the lowest byte. */
const codes: Readonly<Record<number, ErrorCode>> = {
  3: "unavailable", // PERM
  5: "unavailable", // BUSY
  6: "unavailable", // LOCKED
  7: "unavailable", // NOMEM
  8: "unavailable", // READONLY
  10: "unavailable", // IOERR
  11: "data-loss", // CORRUPT
  13: "unavailable", // FULL
  14: "unavailable", // CANTOPEN
  15: "unavailable", // PROTOCOL
  18: "invalid-argument", // TOOBIG
  19: "failed-precondition", // CONSTRAINT
  26: "data-loss", // NOTADB
};

/** Turns what node:sqlite threw into what the caller should hear; passes on all else. */
export function sqliteFault(error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error)) return error;
  if (error.code === "ERR_INVALID_STATE") return fault("unavailable", error);
  const result = resultCode(error);
  if (result === undefined) return error;
  if (uniqueViolations.has(result)) return fault("already-exists", error);
  const code = codes[result & 0xff];
  return code === undefined ? error : fault(code, error);
}

/** Whether another connection has the file just now. */
export function isBusy(error: unknown): boolean {
  const result = resultCode(error);
  return result !== undefined && (result & 0xff) === 5;
}

function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error)) return undefined;
  return typeof error.errcode === "number" ? error.errcode : undefined;
}

function fault(code: ErrorCode, cause: Error): DomainError {
  return new DomainError(code, `database: ${errorMessage(cause)}`, { cause });
}
