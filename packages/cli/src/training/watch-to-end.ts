/** Watches a job until it has ended, with all that becomes known of it meanwhile. */
import { type Amaas, hasEnded, type WatchOptions } from "@amaas/client";
import { DomainError } from "@amaas/errors";
import { Curve } from "./curve.ts";

export interface EndOptions extends WatchOptions {
  /** After each news. */
  readonly onUpdate: (curve: Curve) => void;
}

export async function watchToEnd(
  client: Amaas,
  id: string,
  { onUpdate, ...options }: EndOptions,
): Promise<Curve> {
  let curve: Curve | undefined;
  for await (const update of client.jobs.watch(id, options)) {
    curve ??= new Curve(update.job);
    curve.take(update);
    onUpdate(curve);
  }
  if (curve === undefined || !hasEnded(curve.job.state))
    throw new DomainError("internal", `the updates of job ${id} ended before the job did`);
  return curve;
}
