/** Jobs.ResumeJob: a job that has failed or was cancelled goes on. Resuming twice is answered like once. */
import type { ResumeJobRequest, ResumeJobResponse } from "@amaas/proto/amaas/scheduler/v1/jobs";
import type { Scheduler } from "../app.ts";
import { nothingToResume } from "../errors.ts";
import { jobMessage } from "../messages.ts";
import { isResumable, resume, resumptionWarning } from "../resumption.ts";

export function resumeJob({ ledger, loop, telemetry, now }: Scheduler) {
  return async ({ id }: ResumeJobRequest): Promise<ResumeJobResponse> => {
    let warning = "";
    const job = await ledger.revive(id, (ended) => {
      if (!isResumable(ended)) throw nothingToResume(id, ended.state);
      warning = resumptionWarning(ended);
      return resume(ended, { traceparent: telemetry.tracer.reserve(ended.root), start: now() });
    });
    loop.wake();
    return { job: jobMessage(job), warning };
  };
}
