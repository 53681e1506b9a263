/**
 * A file of the repository, seen without being read: whether it is there and whether it has changed
 * since. Whatever a name or a link says, nothing outside of the repository is looked at.
 */
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open, realpath, stat } from "node:fs/promises";
import { basename, sep } from "node:path";
import { DomainError } from "@amaas/errors";

export interface FileLook {
  /** Without links. */
  readonly path: string;
  readonly bytes: number;
  /** Another one, after whatever change. */
  readonly fingerprint: string;
}

/** Undefined where there is no such file. `root` is without links. */
export async function lookAt(root: string, path: string): Promise<FileLook | undefined> {
  let real: string;
  try {
    real = await realpath(path);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
  if (real !== root && !real.startsWith(root.endsWith(sep) ? root : root + sep))
    throw new DomainError("invalid-argument", `${path} leads out of the repository`);
  const found = await stat(real, { bigint: true });
  if (!found.isFile()) throw new DomainError("invalid-argument", `${path} is no regular file`);
  return { path: real, bytes: Number(found.size), fingerprint: fingerprintOf(found) };
}

/** Where bytes of a file are wanted. */
export interface Place {
  readonly target: Uint8Array;
  /** Of the first of them in the file. */
  readonly offset: number;
}

/** The whole file, if it is still the one that was looked at. */
export async function readFile(look: FileLook): Promise<Uint8Array> {
  const target = new Uint8Array(look.bytes);
  await readPlaces(look, [{ target, offset: 0 }]);
  return target;
}

/** Fills the targets, if the file is still the one that was looked at. */
export function readPlaces(look: FileLook, places: readonly Place[]): Promise<void> {
  return unchanged(look, async (file) => {
    for (const { target, offset } of places)
      for (let at = 0; at < target.length; ) {
        const { bytesRead } = await file.read(target, at, target.length - at, offset + at);
        if (bytesRead === 0) break;
        at += bytesRead;
      }
  });
}

/** sha256:<hex> */
export function digestOf(look: FileLook): Promise<string> {
  return unchanged(look, async (file) => {
    const hash = createHash("sha256");
    const chunk = new Uint8Array(Math.min(look.bytes, 2 ** 20));
    for (let offset = 0; offset < look.bytes; ) {
      const { bytesRead } = await file.read(chunk, 0, chunk.length, offset);
      if (bytesRead === 0) break;
      hash.update(chunk.subarray(0, bytesRead));
      offset += bytesRead;
    }
    return `sha256:${hash.digest("hex")}`;
  });
}

async function unchanged<T>(look: FileLook, use: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(
    look.path,
    constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
  );
  try {
    await check(file, look);
    const result = await use(file);
    await check(file, look);
    return result;
  } finally {
    await file.close();
  }
}

async function check(file: FileHandle, { path, fingerprint }: FileLook): Promise<void> {
  if (fingerprintOf(await file.stat({ bigint: true })) !== fingerprint)
    throw new DomainError("unavailable", `${basename(path)} is being changed`);
}

interface Stats {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

function fingerprintOf({ dev, ino, size, mtimeNs, ctimeNs }: Stats): string {
  return `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`;
}

function isAbsent(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : "";
  return code === "ENOENT" || code === "ENOTDIR";
}
