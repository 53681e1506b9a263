/** Jobs as the API tells them. */
import type { Job as JobMessage } from "@amaas/proto/amaas/scheduler/v1/jobs";
import { JobState } from "@amaas/proto/amaas/scheduler/v1/jobs";
import { traceIdOf } from "@amaas/telemetry";
import type { Job } from "./job.ts";

export function jobMessage(job: Job): JobMessage {
  return {
    id: job.id,
    spec: { ...job.spec },
    state: JobState[job.state],
    reason: job.reason,
    createdAt: new Date(job.createdAt),
    startedAt: job.startedAt === undefined ? undefined : new Date(job.startedAt),
    endedAt: "endedAt" in job ? new Date(job.endedAt) : undefined,
    progress: job.progress,
    outcome: job.state === "SUCCEEDED" ? job.outcome : undefined,
    checkpoint:
      "checkpoint" in job && job.checkpoint
        ? { step: job.checkpoint.step, digests: [...job.checkpoint.digests] }
        : undefined,
    traceId: traceIdOf(job.root),
    dataReport: job.dataReport ?? "",
  };
}
