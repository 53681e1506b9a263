/** Jobs.GetJob: a job as it stands. */
import type { GetJobRequest, GetJobResponse } from "@amaas/proto/amaas/scheduler/v1/jobs";
import type { Scheduler } from "../app.ts";
import { jobNotFound } from "../errors.ts";
import { jobMessage } from "../messages.ts";

export function getJob({ ledger }: Scheduler) {
  return async ({ id }: GetJobRequest): Promise<GetJobResponse> => {
    const job = await ledger.get(id);
    if (!job) throw jobNotFound(id);
    return { job: jobMessage(job) };
  };
}
