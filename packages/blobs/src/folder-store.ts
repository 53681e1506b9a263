/**
 * Blobs as files in a folder.
 *
 * `<folder>/sha256/<hex>` holds a blob, `<folder>/drafts/` what is being written. Blobs never
 * change, so readers need no locks and writers of the same bytes agree.
 */
import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { DomainError } from "@amaas/errors";
import { type Digest, finish, hexOf } from "./digest.ts";
import { errorCode, storageFault } from "./faults.ts";
import { damaged, fill, hashBytes, holds, openBlob, withBlob } from "./read.ts";
import type { BlobStore, GetOptions, PutOptions, StreamOptions } from "./store.ts";
import {
  discardDraft,
  keepDraft,
  makeFolder,
  sweepDrafts,
  syncFolder,
  writeDraft,
} from "./write.ts";

const defaultChunkBytes = 1 << 20;
const largestChunkBytes = 16 << 20;

/** A writer at work touches its draft far more often than this. */
const draftAgeMs = 24 * 3600 * 1000;

export class FolderStore implements BlobStore {
  readonly #blobs: string;
  readonly #drafts: string;
  #prepared: Promise<void> | undefined;

  constructor(folder: string) {
    this.#blobs = resolve(folder, "sha256");
    this.#drafts = resolve(folder, "drafts");
  }

  async put(bytes: Uint8Array | AsyncIterable<Uint8Array>, { expected }: PutOptions = {}) {
    try {
      return bytes instanceof Uint8Array
        ? await this.#putBytes(bytes, expected)
        : await this.#write(bytes, expected);
    } catch (error) {
      if (errorCode(error) === "ENOENT") this.#prepared = undefined;
      throw storageFault("store a blob", error);
    }
  }

  async get(digest: Digest, { offset = 0, length }: GetOptions = {}) {
    return withBlob(this.#path(digest), digest, async (file, size) => {
      checkOffset(digest, offset, size);
      const left = size - offset;
      const bytes = new Uint8Array(length === undefined ? left : Math.min(left, count(length)));
      const hash = bytes.length === size ? createHash("sha256") : undefined;
      await fill(file, digest, bytes, offset, (piece) => hash?.update(piece));
      if (hash) verify(digest, finish(hash));
      return bytes;
    });
  }

  async *stream(
    digest: Digest,
    { offset = 0, chunkBytes = defaultChunkBytes }: StreamOptions = {},
  ) {
    checkChunkBytes(chunkBytes);
    const { file, size } = await openBlob(this.#path(digest), digest);
    try {
      checkOffset(digest, offset, size);
      const hash = offset === 0 ? createHash("sha256") : undefined;
      for (let at = offset; at < size; at += chunkBytes) {
        const chunk = new Uint8Array(Math.min(chunkBytes, size - at));
        await fill(file, digest, chunk, at, (piece) => hash?.update(piece));
        if (hash && at + chunkBytes >= size) verify(digest, finish(hash));
        yield chunk;
      }
    } catch (error) {
      throw storageFault(`read blob ${digest}`, error);
    } finally {
      await file.close();
    }
  }

  async size(digest: Digest) {
    try {
      return (await stat(this.#path(digest))).size;
    } catch (error) {
      if (errorCode(error) === "ENOENT") return undefined;
      throw storageFault(`look up blob ${digest}`, error);
    }
  }

  #path(digest: Digest): string {
    return join(this.#blobs, hexOf(digest));
  }

  /** Hashed before anything is written, since the bytes are often there already. */
  async #putBytes(bytes: Uint8Array, expected: Digest | undefined) {
    const digest = await hashBytes(bytes);
    demand(digest, expected);
    if (!(await holds(this.#path(digest), digest))) return this.#write(bytes, digest);
    // Another writer may have named the blob and not yet made the name durable.
    await syncFolder(this.#blobs);
    return { digest, size: bytes.length };
  }

  async #write(bytes: Uint8Array | AsyncIterable<Uint8Array>, expected: Digest | undefined) {
    await this.#prepare();
    const { digest, size, path } = await writeDraft(this.#drafts, bytes);
    if (expected !== undefined && digest !== expected) await discardDraft(path);
    demand(digest, expected);
    await keepDraft(path, this.#path(digest));
    return { digest, size };
  }

  /** Once per process; again after a failure, since the disk may have recovered. */
  #prepare(): Promise<void> {
    this.#prepared ??= makeFolder(this.#blobs)
      .then(() => makeFolder(this.#drafts))
      .then(() => sweepDrafts(this.#drafts, draftAgeMs))
      .catch((error: unknown) => {
        this.#prepared = undefined;
        throw error;
      });
    return this.#prepared;
  }
}

function demand(digest: Digest, expected: Digest | undefined): void {
  if (expected === undefined || digest === expected) return;
  throw new DomainError("invalid-argument", `the bytes have digest ${digest}; wanted ${expected}`);
}

function verify(digest: Digest, found: Digest): void {
  if (found !== digest) throw damaged(digest, `its bytes have digest ${found}`);
}

function checkOffset(digest: Digest, offset: number, size: number): void {
  if (Number.isSafeInteger(offset) && offset >= 0 && offset <= size) return;
  throw new DomainError(
    "out-of-range",
    `offset ${offset} is not in blob ${digest} of ${size} bytes`,
  );
}

function count(length: number): number {
  if (Number.isSafeInteger(length) && length >= 0) return length;
  throw new DomainError("invalid-argument", `length ${length}; wanted a whole number from 0`);
}

function checkChunkBytes(bytes: number): void {
  if (Number.isSafeInteger(bytes) && bytes >= 1 && bytes <= largestChunkBytes) return;
  throw new DomainError(
    "invalid-argument",
    `chunkBytes ${bytes}; wanted a whole number from 1 to ${largestChunkBytes}`,
  );
}
