/**
 * What a store of content-addressed bytes promises, wherever it keeps them.
 *
 * Bytes go in and their digest comes out; the same bytes are kept once. What `put` has answered
 * is on disk for good, and a blob is either there whole or not there at all. Many processes may
 * use one store at the same time. Every method throws `DomainError`: `not-found` for an unknown
 * digest, `data-loss` for bytes that no longer match it, `unavailable` while the disk fails.
 */
import type { Digest } from "./digest.ts";

export interface PutOptions {
  /** Refuse bytes of any other digest with `invalid-argument`. */
  readonly expected?: Digest;
}

export interface GetOptions {
  /** Default 0. Past the end is `out-of-range`. */
  readonly offset?: number;
  /** Default: up to the end. Fewer bytes come back where the blob ends first. */
  readonly length?: number;
}

export interface StreamOptions {
  /** Default 0. Past the end is `out-of-range`. */
  readonly offset?: number;
  /** Default 1 MiB; at most 16 MiB. */
  readonly chunkBytes?: number;
}

export interface BlobStore {
  /** Keeps bytes. They must not change until the promise settles. */
  put(
    bytes: Uint8Array | AsyncIterable<Uint8Array>,
    options?: PutOptions,
  ): Promise<{ readonly digest: Digest; readonly size: number }>;

  /** A copy of a blob, or of a range. The whole is checked against its digest; a range is not. */
  get(digest: Digest, options?: GetOptions): Promise<Uint8Array<ArrayBuffer>>;

  /** A blob in pieces. From offset 0 the last piece comes only if all of it matched the digest. */
  stream(digest: Digest, options?: StreamOptions): AsyncIterable<Uint8Array<ArrayBuffer>>;

  /** Bytes in a blob, `undefined` if there is none of this digest. */
  size(digest: Digest): Promise<number | undefined>;
}
