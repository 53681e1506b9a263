/**
 * Answers that were given, for requests that come again: a number of bytes over all versions of a
 * process, in which what was not asked for longest gives way.
 *
 * A version has its own part and takes it along when it goes. What is found is compared with the
 * request as a whole, so two requests with the same hash are never taken for each other.
 */
import type { ModelInferResponse } from "@amaas/proto/inference/grpc_service";
import { keptKey, type RequestKey, sameKey } from "./request-key.ts";

interface Entry {
  readonly key: RequestKey;
  readonly response: ModelInferResponse;
  readonly bytes: number;
  /** On the clock of `performance.now()`. */
  readonly until: number;
  readonly part: CachePart;
  /** Used before it and after it, of all. */
  before: Entry | undefined;
  after: Entry | undefined;
}

/** What an entry takes beside its bytes, about. */
const overhead = 1024;
/** Of one hash: who makes requests that collide gains nothing. */
const mostOfOneHash = 8;

export class ResponseCache {
  readonly limit: number;
  #bytes = 0;
  #oldest: Entry | undefined;
  #newest: Entry | undefined;

  constructor({ bytes }: { readonly bytes: number }) {
    this.limit = bytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** A version's part. Answers are given again for `ttlMs`. */
  open(ttlMs: number): CachePart {
    return new CachePart(this, ttlMs);
  }

  /** The last to give way from now on. */
  touch(entry: Entry): void {
    if (entry === this.#newest) return;
    this.#unlink(entry);
    this.#append(entry);
  }

  add(entry: Entry): void {
    this.#bytes += entry.bytes;
    this.#append(entry);
    while (this.#bytes > this.limit) this.#oldest!.part.drop(this.#oldest!);
  }

  remove(entry: Entry): void {
    this.#bytes -= entry.bytes;
    this.#unlink(entry);
  }

  #append(entry: Entry): void {
    entry.before = this.#newest;
    entry.after = undefined;
    if (this.#newest) this.#newest.after = entry;
    else this.#oldest = entry;
    this.#newest = entry;
  }

  #unlink({ before, after }: Entry): void {
    if (before) before.after = after;
    else this.#oldest = after;
    if (after) after.before = before;
    else this.#newest = before;
  }
}

export class CachePart {
  readonly #cache: ResponseCache;
  readonly #ttlMs: number;
  readonly #entries = new Map<number, Entry[]>();
  #closed = false;

  constructor(cache: ResponseCache, ttlMs: number) {
    this.#cache = cache;
    this.#ttlMs = ttlMs;
  }

  find(key: RequestKey): ModelInferResponse | undefined {
    const entry = this.#entries.get(key.hash)?.find((one) => sameKey(one.key, key));
    if (entry === undefined) return undefined;
    if (entry.until <= performance.now()) {
      this.drop(entry);
      return undefined;
    }
    this.#cache.touch(entry);
    return entry.response;
  }

  /** Keeps a copy, unless it alone is more than there is room for. */
  keep(key: RequestKey, response: ModelInferResponse): void {
    const bytes = overhead + key.bytes + bytesOf(response);
    if (this.#closed || bytes > this.#cache.limit) return;
    const sameHash = this.#entries.get(key.hash) ?? [];
    const known = sameHash.find((one) => sameKey(one.key, key));
    if (known) this.drop(known);
    else if (sameHash.length >= mostOfOneHash) this.drop(sameHash[0]!);
    const entry: Entry = {
      key: keptKey(key),
      response: keptResponse(response),
      bytes,
      until: performance.now() + this.#ttlMs,
      part: this,
      before: undefined,
      after: undefined,
    };
    const entries = this.#entries.get(key.hash);
    if (entries) entries.push(entry);
    else this.#entries.set(key.hash, [entry]);
    this.#cache.add(entry);
  }

  drop(entry: Entry): void {
    const { hash } = entry.key;
    const others = this.#entries.get(hash)!.filter((one) => one !== entry);
    if (others.length > 0) this.#entries.set(hash, others);
    else this.#entries.delete(hash);
    this.#cache.remove(entry);
  }

  /** Keeps nothing, from now on. */
  close(): void {
    this.#closed = true;
    for (const entries of this.#entries.values())
      for (const entry of entries) this.#cache.remove(entry);
    this.#entries.clear();
  }
}

function bytesOf({ rawOutputContents }: ModelInferResponse): number {
  let bytes = 0;
  for (const { byteLength } of rawOutputContents) bytes += byteLength;
  return bytes;
}

/** In memory of its own: outputs are views of a whole batch's. The id is that of whoever asked first. */
function keptResponse(response: ModelInferResponse): ModelInferResponse {
  return {
    ...response,
    id: "",
    rawOutputContents: response.rawOutputContents.map((bytes) => new Uint8Array(bytes)),
  };
}
