/** The scheduler's services; the compiler asks for a handler for every method. */
import { FleetDefinition } from "@amaas/proto/amaas/scheduler/v1/fleet";
import { JobsDefinition } from "@amaas/proto/amaas/scheduler/v1/jobs";
import { type Implementation, implement } from "@amaas/rpc";
import type { Scheduler } from "../app.ts";
import { attach } from "./attach.ts";
import { cancelJob } from "./cancel-job.ts";
import { getJob } from "./get-job.ts";
import { listJobs } from "./list-jobs.ts";
import { readJobLog } from "./read-job-log.ts";
import { resumeJob } from "./resume-job.ts";
import { submitJob } from "./submit-job.ts";
import { watchJob } from "./watch-job.ts";

export function implementations(scheduler: Scheduler): Implementation[] {
  return [
    implement(JobsDefinition, {
      submitJob: submitJob(scheduler),
      getJob: getJob(scheduler),
      listJobs: listJobs(scheduler),
      watchJob: watchJob(scheduler),
      cancelJob: cancelJob(scheduler),
      resumeJob: resumeJob(scheduler),
      readJobLog: readJobLog(scheduler),
    }),
    implement(FleetDefinition, { attach: attach(scheduler) }),
  ];
}
