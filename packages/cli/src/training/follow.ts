/**
 * Follows a job from where it stands to its end, one phase for each part of its way. The bits of a
 * training survive the loss of any process, so an interrupted connection is told and waited out.
 */
import { type Amaas, hasEnded, type JobUpdate } from "@amaas/client";
import { DomainError, errorMessage } from "@amaas/errors";
import type { Progress } from "../terminal/progress.ts";
import { printable } from "../terminal/text.ts";
import { Curve } from "./curve.ts";
import { Way } from "./way.ts";

export interface FollowOptions {
  readonly signal: AbortSignal;
  readonly traceparent?: string;
}

export async function followJob(
  client: Amaas,
  id: string,
  progress: Progress,
  options: FollowOptions,
): Promise<Curve> {
  const way = new Way(progress);
  const onInterrupted = (error: unknown) =>
    way.note(`connection lost, trying again: ${printable(errorMessage(error))}`);
  let curve: Curve | undefined;
  for await (const update of client.jobs.watch(id, { ...options, onInterrupted })) {
    curve = taken(curve, update);
    way.follow(curve);
  }
  if (curve === undefined || !hasEnded(curve.job.state))
    throw new DomainError("internal", `the updates of job ${id} ended before the job did`);
  return curve;
}

function taken(curve: Curve | undefined, update: JobUpdate): Curve {
  const known = curve ?? new Curve(update.job);
  known.take(update);
  return known;
}
