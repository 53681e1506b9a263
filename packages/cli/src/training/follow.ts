/**
 * Follows a job from where it stands to its end, one phase for each part of its way. The bits of a
 * training survive the loss of any process, so an interrupted connection is told and waited out.
 */
import type { Amaas } from "@amaas/client";
import { errorMessage } from "@amaas/errors";
import type { Progress } from "../terminal/progress.ts";
import { printable } from "../terminal/text.ts";
import type { Curve } from "./curve.ts";
import { watchToEnd } from "./watch-to-end.ts";
import { Way } from "./way.ts";

export interface FollowOptions {
  readonly signal: AbortSignal;
  readonly traceparent?: string;
}

export function followJob(
  client: Amaas,
  id: string,
  progress: Progress,
  options: FollowOptions,
): Promise<Curve> {
  const way = new Way(progress);
  const onInterrupted = (error: unknown) =>
    way.note(`connection lost, trying again: ${printable(errorMessage(error))}`);
  const onUpdate = (curve: Curve) => way.follow(curve);
  return watchToEnd(client, id, { ...options, onInterrupted, onUpdate });
}
