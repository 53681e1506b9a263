/**
 * Jobs.WatchJob: the job as it stands and its losses, then again whenever something is new,
 * until it has ended.
 *
 * When the job goes back to a checkpoint, the losses are told again from there.
 */
import type { WatchJobRequest, WatchJobResponse } from "@amaas/proto/amaas/scheduler/v1/jobs";
import type { Context } from "@amaas/rpc";
import type { Scheduler } from "../app.ts";
import { bytesOfLosses } from "../curve.ts";
import { jobNotFound } from "../errors.ts";
import { isActive, type Job } from "../job.ts";
import { jobMessage } from "../messages.ts";

/** 800 kB in a message. */
const mostLosses = 100_000;

export function watchJob({ ledger, jobWatchers }: Scheduler) {
  return async function* (
    { id, fromStep }: WatchJobRequest,
    { signal }: Context,
  ): AsyncGenerator<WatchJobResponse> {
    // Before the first look, so that nothing falls between the two.
    const watch = jobWatchers.watch(id, signal);
    let next = fromStep;
    let told: Job | undefined;
    try {
      for (;;) {
        const found = await ledger.read(id);
        if (!found) throw jobNotFound(id);
        const { job, curve } = found;
        next = Math.max(fromStep, Math.min(next, curve.length));
        const losses = curve.slice(next, next + mostLosses);
        if (job !== told || losses.length > 0)
          yield { job: jobMessage(job), firstStep: next, losses: bytesOfLosses(losses) };
        told = job;
        next += losses.length;
        if (next < curve.length) continue;
        if (!isActive(job) || !(await watch.changed())) return;
      }
    } finally {
      watch.close();
    }
  };
}
