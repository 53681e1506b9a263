/** Jobs.CancelJob: ends a job wherever it is. Cancelling twice is answered like once. */
import type { CancelJobRequest, CancelJobResponse } from "@amaas/proto/amaas/scheduler/v1/jobs";
import type { Scheduler } from "../app.ts";
import { cancel } from "../endings.ts";
import { jobHasEnded, jobNotFound } from "../errors.ts";
import { jobMessage } from "../messages.ts";

export function cancelJob({ ledger, loop, now }: Scheduler) {
  return async ({ id }: CancelJobRequest): Promise<CancelJobResponse> => {
    await ledger.change((jobs) =>
      jobs.filter((job) => job.id === id).map((job) => cancel(job, now())),
    );
    loop.wake();
    const job = await ledger.get(id);
    if (!job) throw jobNotFound(id);
    if (job.state !== "CANCELLED") throw jobHasEnded(id, job.state);
    return { job: jobMessage(job) };
  };
}
