/**
 * A local file or bytes in memory, as something to upload: its size and content digest known before
 * the first byte is sent, its bytes readable any number of times in chunks.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { DomainError, errorMessage } from "@amaas/errors";

/** What the registry takes in one message. */
export const chunkBytes = 1024 * 1024;

export interface Source {
  readonly size: number;
  readonly digest: string;
  chunks(): AsyncIterable<Uint8Array>;
}

export function openSource(from: Uint8Array | string): Promise<Source> | Source {
  return typeof from === "string" ? openFile(from) : inMemory(from);
}

function inMemory(bytes: Uint8Array): Source {
  return {
    size: bytes.byteLength,
    digest: `sha256:${createHash("sha256").update(bytes).digest("hex")}`,
    async *chunks() {
      for (let at = 0; at < bytes.byteLength; at += chunkBytes)
        yield bytes.subarray(at, at + chunkBytes);
    },
  };
}

async function openFile(path: string): Promise<Source> {
  const size = await sizeOfFile(path);
  const hash = createHash("sha256");
  for await (const chunk of readFileChunks(path)) hash.update(chunk);
  return { size, digest: `sha256:${hash.digest("hex")}`, chunks: () => readFileChunks(path) };
}

async function sizeOfFile(path: string): Promise<number> {
  try {
    const found = await stat(path);
    if (found.isFile()) return found.size;
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    throw new DomainError(
      missing ? "not-found" : "failed-precondition",
      missing ? `there is no file ${path}` : `cannot read ${path}: ${errorMessage(error)}`,
      { cause: error },
    );
  }
  throw new DomainError("invalid-argument", `${path} is not a file`);
}

async function* readFileChunks(path: string): AsyncGenerator<Uint8Array> {
  const stream: AsyncIterable<Buffer> = createReadStream(path, { highWaterMark: chunkBytes });
  try {
    yield* stream;
  } catch (error) {
    throw new DomainError("failed-precondition", `cannot read ${path}: ${errorMessage(error)}`, {
      cause: error,
    });
  }
}
