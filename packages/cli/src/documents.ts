/** What the platform's messages look like as JSON: names for states, ISO dates, no empty envelopes. */
import { type Job, jobStateName } from "@amaas/client";
import type { Curve } from "./training/curve.ts";

/** A job with the figures of its steps, by name and step; null where one is not known. */
export function curveDocument(curve: Curve): Record<string, unknown> {
  const curves = { loss: curve.losses, ...Object.fromEntries(curve.series) };
  return { ...jobDocument(curve.job), curves };
}

export function jobDocument(job: Job): Record<string, unknown> {
  return { ...job, state: jobStateName(job.state) };
}
