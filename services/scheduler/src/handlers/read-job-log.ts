/** Jobs.ReadJobLog: what was said about a job, oldest first; with `follow` until it has ended. */
import type { ReadJobLogRequest, ReadJobLogResponse } from "@amaas/proto/amaas/scheduler/v1/jobs";
import type { Context } from "@amaas/rpc";
import type { Scheduler } from "../app.ts";
import { jobNotFound } from "../errors.ts";
import { isActive } from "../job.ts";

const page = 500;

export function readJobLog({ ledger, store, jobLog, logWatchers }: Scheduler) {
  return async function* (
    { id, follow }: ReadJobLogRequest,
    { signal }: Context,
  ): AsyncGenerator<ReadJobLogResponse> {
    const watch = logWatchers.watch(id, signal);
    let next = 0;
    try {
      for (;;) {
        const job = await ledger.get(id);
        if (!job) throw jobNotFound(id);
        await jobLog.flush();
        for (;;) {
          const lines = await store.readLog(id, next, page);
          for (const { time, severity, source, message } of lines)
            yield { time: new Date(time), severity, source, message };
          next += lines.length;
          if (lines.length < page) break;
        }
        if (!follow || !isActive(job) || !(await watch.changed())) return;
      }
    } finally {
      watch.close();
    }
  };
}
