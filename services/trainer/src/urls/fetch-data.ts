/**
 * Puts what a spec names by URL into the blob store, so that all that follows reads bytes of a known digest.
 *
 * What a URL has may change: a preparation that is done again may find other bytes, and then says so in
 * its data digest. A job has one preparation, and the same bytes from then on.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { BlobStore } from "@amaas/blobs";
import { isDomainError } from "@amaas/errors";
import { filesOf, isUrl, type JobSpec, withFileRefs } from "@amaas/spec";
import type { AllowedUrls } from "./allowed-urls.ts";
import { type FetchLimits, fetchUrl, type Source, shown } from "./fetch-url.ts";

export interface FetchedData {
  /** With digests in place of URLs. */
  readonly spec: JobSpec;
  /** What was read from where. */
  readonly notes: readonly string[];
}

/** As much as an upload may be; half an hour for a file is one megabyte a second for most. */
export const fetchLimits: FetchLimits = {
  bytes: 8 * 2 ** 30,
  totalMs: 30 * 60_000,
  stallMs: 30_000,
};

const attempts = 3;

export async function fetchData(
  spec: JobSpec,
  blobs: BlobStore,
  allowed: AllowedUrls,
  limits: FetchLimits = fetchLimits,
): Promise<FetchedData> {
  const digests = new Map<string, string>();
  const notes: string[] = [];
  for (const { field, ref } of filesOf(spec)) {
    if (!isUrl(ref) || digests.has(ref)) continue;
    const url = new URL(ref);
    const signal = AbortSignal.timeout(limits.totalMs);
    const { digest, size } = await keep({ field, url, allowed, limits, signal }, blobs);
    digests.set(ref, digest);
    notes.push(`${field}: ${shown(url)} had ${size} bytes, ${digest}`);
  }
  return { spec: digests.size === 0 ? spec : withFileRefs(spec, digests), notes };
}

/** A network that fails for a moment does not fail the job. */
async function keep(source: Source, blobs: BlobStore) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await blobs.put(fetchUrl(source));
    } catch (error) {
      if (!isDomainError(error, "aborted") || attempt === attempts) throw error;
      await sleep(1000 * attempt);
    }
  }
}
