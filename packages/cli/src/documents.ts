/** What the platform's messages look like as JSON: names for states, ISO dates, no empty envelopes. */
import { type Job, jobStateName } from "@amaas/client";

export function jobDocument(job: Job): Record<string, unknown> {
  return { ...job, state: jobStateName(job.state) };
}
