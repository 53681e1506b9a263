/**
 * Writing a blob so that a crash at any moment leaves either all of it or nothing.
 *
 * Bytes go to a file with a name of its own, which is forced to disk, then renamed to the blob's
 * name, then the folder that holds the name is forced to disk too. Only after that is it kept.
 */
import { createHash, randomUUID } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Digest, finish } from "./digest.ts";

const turnBytes = 1 << 20;

/** Bytes on disk under a name that no reader looks for. */
export interface Draft {
  readonly digest: Digest;
  readonly size: number;
  readonly path: string;
}

/** Writes and hashes all of `source`. A failure, of the disk or of the source, leaves nothing. */
export async function writeDraft(
  folder: string,
  source: Uint8Array | AsyncIterable<Uint8Array>,
): Promise<Draft> {
  const path = join(folder, randomUUID());
  const file = await open(path, "wx", 0o444);
  try {
    const { digest, size } = await writeAll(file, source);
    await file.sync();
    await file.close();
    return { digest, size, path };
  } catch (error) {
    await file.close().catch(() => undefined);
    await discardDraft(path);
    throw error;
  }
}

/** Gives a draft the name of a blob; returns once that is durable. Replaces a damaged blob. */
export async function keepDraft(draft: string, blob: string): Promise<void> {
  try {
    await rename(draft, blob);
  } catch (error) {
    await discardDraft(draft);
    throw error;
  }
  await syncFolder(dirname(blob));
}

/** What cannot be removed now is swept later. */
export async function discardDraft(path: string): Promise<void> {
  await rm(path, { force: true }).catch(() => undefined);
}

async function writeAll(file: FileHandle, source: Uint8Array | AsyncIterable<Uint8Array>) {
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of source instanceof Uint8Array ? [source] : source) {
    for (let start = 0; start < chunk.length; start += turnBytes) {
      const piece = chunk.subarray(start, start + turnBytes);
      hash.update(piece);
      await writePiece(file, piece);
    }
    size += chunk.length;
  }
  return { digest: finish(hash), size };
}

/** The system may take fewer bytes than it was handed. */
async function writePiece(file: FileHandle, piece: Uint8Array): Promise<void> {
  for (let done = 0; done < piece.length; ) {
    done += (await file.write(piece, done)).bytesWritten;
  }
}

/** Makes a folder and its parents, durably even where another process has just made them. */
export async function makeFolder(folder: string): Promise<void> {
  const first = (await mkdir(folder, { recursive: true })) ?? folder;
  for (let made = folder; ; made = dirname(made)) {
    await syncFolder(dirname(made));
    if (made === first) return;
  }
}

/** Forces the names in a folder to disk. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Removes drafts that crashed writers left: those that nobody has written to for `ageMs`. */
export async function sweepDrafts(folder: string, ageMs: number): Promise<void> {
  const oldest = Date.now() - ageMs;
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const info = await stat(path).catch(() => undefined);
    if (info && info.mtimeMs < oldest) await discardDraft(path);
  }
}
