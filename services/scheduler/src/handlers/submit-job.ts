/**
 * Jobs.SubmitJob: checks a spec and queues it.
 *
 * What is answered is kept: the job is committed before the answer leaves. A repeat with the
 * same key answers with the job of the first one, as long as it asks for the same.
 */
import { isDeepStrictEqual } from "node:util";
import { type BlobStore, parseDigest } from "@amaas/blobs";
import { DomainError, type Violation } from "@amaas/errors";
import type { SubmitJobRequest, SubmitJobResponse } from "@amaas/proto/amaas/scheduler/v1/jobs";
import type { Context } from "@amaas/rpc";
import { digestIn, filesOf, isUrl, type JobSpec, parseJobSpec, requireDigests } from "@amaas/spec";
import { monotonicFactory } from "ulid";
import type { Scheduler } from "../app.ts";
import { faultyRequest, keyOfAnotherSpec } from "../errors.ts";
import { queue } from "../job.ts";
import { jobMessage } from "../messages.ts";
import { askedFor, withParent } from "../warm-start.ts";

export function submitJob({ ledger, blobs, registry, loop, telemetry, now }: Scheduler) {
  // Jobs of the same millisecond keep their order, too.
  const nextUlid = monotonicFactory();

  return async (
    { spec: document, idempotencyKey }: SubmitJobRequest,
    { traceparent: root, signal }: Context,
  ): Promise<SubmitJobResponse> => {
    checkKey(idempotencyKey);
    const asked = parseJobSpec(document ?? {});
    requireDigests(asked);
    const spec = await withParent(asked, registry, signal);
    await requireBlobs(spec, blobs);

    const start = now();
    const phase = { traceparent: telemetry.tracer.reserve(root), start };
    const job = queue({ id: `job_${nextUlid(start)}`, spec, root, phase });
    const kept = await ledger.submit(job, idempotencyKey);
    if (!isDeepStrictEqual(askedFor(kept.spec), askedFor(spec)))
      throw keyOfAnotherSpec(idempotencyKey, kept.id);
    loop.wake();
    return { job: jobMessage(kept) };
  };
}

function checkKey(key: string): void {
  if (/^[\x20-\x7e]{0,128}$/.test(key)) return;
  throw faultyRequest("idempotency_key", "wanted at most 128 printable ASCII characters");
}

async function requireBlobs(spec: JobSpec, blobs: BlobStore): Promise<void> {
  const violations: Violation[] = [];
  // What a URL has is read by the preparation, if that is allowed to.
  for (const { field, ref } of filesOf(spec))
    if (!isUrl(ref) && (await blobs.size(parseDigest(digestIn(ref)))) === undefined)
      violations.push({ field, description: `there is no blob ${ref}; upload the file first` });
  if (violations.length === 0) return;
  const told = violations.map(({ field, description }) => `${field}: ${description}`).join("; ");
  throw new DomainError("invalid-argument", told, { violations });
}
