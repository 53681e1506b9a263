/** Jobs.ListJobs: newest first, page by page. */
import type { ListJobsRequest, ListJobsResponse } from "@amaas/proto/amaas/scheduler/v1/jobs";
import type { Scheduler } from "../app.ts";
import { jobMessage } from "../messages.ts";

const usual = 100;
const most = 1_000;

export function listJobs({ ledger }: Scheduler) {
  return async ({ limit, before }: ListJobsRequest): Promise<ListJobsResponse> => {
    const jobs = await ledger.list({ limit: Math.min(limit || usual, most), before });
    return { jobs: jobs.map(jobMessage) };
  };
}
