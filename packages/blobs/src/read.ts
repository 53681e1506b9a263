/**
 * Reading a blob's file piece by piece.
 *
 * The size is taken once from the open file, so a range is judged against the same file that is
 * then read. A file that ends early has been damaged.
 */
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import { DomainError } from "@amaas/errors";
import { type Digest, finish } from "./digest.ts";
import { errorCode, storageFault } from "./faults.ts";

/** Bytes read and hashed in one turn, so that a large blob does not hold up the event loop. */
const turnBytes = 1 << 20;

/** Runs `use` with the open file of a blob and closes it whatever happens. */
export async function withBlob<T>(
  path: string,
  digest: Digest,
  use: (file: FileHandle, size: number) => Promise<T>,
): Promise<T> {
  const { file, size } = await openBlob(path, digest);
  try {
    return await use(file, size);
  } catch (error) {
    throw storageFault(`read blob ${digest}`, error);
  } finally {
    await file.close();
  }
}

/** The open file of a blob, to be closed by the caller. */
export async function openBlob(
  path: string,
  digest: Digest,
): Promise<{ file: FileHandle; size: number }> {
  try {
    const file = await open(path, "r");
    const { size } = await file.stat();
    return { file, size };
  } catch (error) {
    if (errorCode(error) === "ENOENT") throw new DomainError("not-found", `no blob ${digest}`);
    throw storageFault(`read blob ${digest}`, error);
  }
}

/** Fills `target` from `position`; `seen` is told of every piece. */
export async function fill(
  file: FileHandle,
  digest: Digest,
  target: Uint8Array,
  position: number,
  seen?: (piece: Uint8Array) => void,
): Promise<void> {
  let done = 0;
  while (done < target.length) {
    const wanted = Math.min(turnBytes, target.length - done);
    const { bytesRead } = await file.read(target, done, wanted, position + done);
    if (bytesRead === 0) throw damaged(digest, `it ends after ${position + done} bytes`);
    seen?.(target.subarray(done, done + bytesRead));
    done += bytesRead;
  }
}

/** The digest of bytes in memory; other work gets its turn between pieces. */
export async function hashBytes(bytes: Uint8Array): Promise<Digest> {
  const hash = createHash("sha256");
  for (let at = 0; at < bytes.length; at += turnBytes) {
    if (at > 0) await setImmediate();
    hash.update(bytes.subarray(at, at + turnBytes));
  }
  return finish(hash);
}

/** Whether the file at `path` holds exactly the bytes that `digest` names. */
export async function holds(path: string, digest: Digest): Promise<boolean> {
  try {
    return await withBlob(path, digest, async (file, size) => {
      const hash = createHash("sha256");
      const buffer = new Uint8Array(Math.min(turnBytes, size));
      for (let position = 0; position < size; position += turnBytes) {
        const piece = buffer.subarray(0, Math.min(turnBytes, size - position));
        await fill(file, digest, piece, position, (bytes) => hash.update(bytes));
      }
      return finish(hash) === digest;
    });
  } catch (error) {
    if (error instanceof DomainError && error.code !== "unavailable") return false;
    throw error;
  }
}

/** The bytes on disk are not those that were put there. */
export function damaged(digest: Digest, found: string): DomainError {
  return new DomainError(
    "data-loss",
    `blob ${digest} is damaged: ${found}; put it again to mend it`,
  );
}
