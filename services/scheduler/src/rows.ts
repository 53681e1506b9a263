/** Jobs as rows and back. */
import { Packaged, Prepared } from "@amaas/proto/amaas/scheduler/v1/fleet";
import { Outcome, Progress } from "@amaas/proto/amaas/scheduler/v1/jobs";
import type { Job } from "./job.ts";
import type { JobRow } from "./tables.ts";

export function bodyOf(job: Job): string {
  return JSON.stringify({
    ...job,
    prepared: undefined,
    // Found out anew by whoever reads it.
    yieldsTo: undefined,
    progress: job.progress && Progress.toJSON(job.progress),
    ...("packaged" in job ? { packaged: Packaged.toJSON(job.packaged) } : {}),
    ...("outcome" in job ? { outcome: Outcome.toJSON(job.outcome) } : {}),
  });
}

export function preparedOf(job: Job): string | null {
  return "prepared" in job && job.prepared ? JSON.stringify(Prepared.toJSON(job.prepared)) : null;
}

/** Rows are written by `bodyOf` alone, so they are what it makes. */
export function jobOf({ body, prepared }: Pick<JobRow, "body" | "prepared">): Job {
  const job = JSON.parse(body);
  return {
    ...job,
    // Rows may be older than priorities.
    spec: { priority: 0, ...job.spec },
    progress: job.progress && Progress.fromJSON(job.progress),
    ...(prepared === null ? {} : { prepared: Prepared.fromJSON(JSON.parse(prepared)) }),
    ...(job.packaged === undefined ? {} : { packaged: Packaged.fromJSON(job.packaged) }),
    ...(job.outcome === undefined ? {} : { outcome: Outcome.fromJSON(job.outcome) }),
  };
}
