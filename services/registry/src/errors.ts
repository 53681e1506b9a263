/** What the registry refuses, in the words of the one who must act. */
import { DomainError, type Violation } from "@amaas/errors";

/** Text from outside, short enough to be repeated in a message. */
export function found(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

/** INVALID_ARGUMENT naming every fault. */
export function faulty(request: string, faults: readonly Violation[]): DomainError {
  const list = faults.map(({ field, description }) => `${field}: ${description}`).join("; ");
  return new DomainError("invalid-argument", `cannot ${request}: ${list}`, { violations: faults });
}

export function refuseFaults(request: string, faults: readonly Violation[]): void {
  if (faults.length > 0) throw faulty(request, faults);
}

export function modelNotFound(model: string): DomainError {
  return new DomainError("not-found", `no model ${found(model)}`);
}

export function versionNotFound(model: string, version: number): DomainError {
  return new DomainError("not-found", `no version ${version} of model ${found(model)}`);
}

export function aliasNotFound(model: string, alias: string): DomainError {
  return new DomainError("not-found", `no alias ${found(alias)} of model ${found(model)}`);
}

export function blobMissing(digest: string): DomainError {
  return new DomainError(
    "failed-precondition",
    `the blob store has no ${digest}; upload the model before registering it`,
  );
}

export function keyTaken(key: string, model: string, version: number): DomainError {
  return new DomainError(
    "already-exists",
    `idempotency key ${found(key)} made version ${version} of model ${found(model)}, which has another model name or digest than this request; use a new key for a new version`,
    { metadata: { model, version: String(version) } },
  );
}

/** `revision` and `version` are 0 where there is no such alias. */
export function staleRevision(
  name: { readonly model: string; readonly alias: string },
  expected: number,
  current: { readonly revision: number; readonly version: number },
): DomainError {
  const stands =
    current.revision === 0
      ? "does not exist"
      : `is at revision ${current.revision} (version ${current.version})`;
  return new DomainError(
    "aborted",
    `alias ${found(name.alias)} of model ${found(name.model)} ${stands}, not at revision ${expected}; read it and decide again`,
    { metadata: { revision: String(current.revision), version: String(current.version) } },
  );
}

export function nothingBefore(model: string, alias: string, version: number): DomainError {
  return new DomainError(
    "failed-precondition",
    `alias ${found(alias)} of model ${found(model)} cannot be rolled back: no version was live before version ${version}`,
  );
}

export function chunkTooLarge(bytes: number, limit: number): DomainError {
  return new DomainError(
    "invalid-argument",
    `a chunk of ${bytes} bytes is too large; send at most ${limit} bytes in a message`,
    {
      violations: [
        { field: "chunk", description: `found ${bytes} bytes, wanted at most ${limit}` },
      ],
    },
  );
}

export function blobTooLarge(limit: number): DomainError {
  return new DomainError(
    "invalid-argument",
    `the blob is larger than ${limit} bytes, the most that is kept (AMAAS_MAX_BLOB_BYTES)`,
  );
}

export function uploadAbandoned(cause: unknown): DomainError {
  return new DomainError("cancelled", "the caller left before the upload was complete", { cause });
}
