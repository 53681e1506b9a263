/**
 * Trials: variations of one job that tell how well it does and leave nothing in the registry.
 *
 * All are queued at once and followed one after the other, so that a suite with room for several works
 * on several. Whoever leaves takes them along: the answer is the table of all of them.
 */
import { dirname } from "node:path";
import { type Amaas, type Job, jobStateName } from "@amaas/client";
import { DomainError } from "@amaas/errors";
import { Ended, exitCodes } from "../failure.ts";
import type { Connection, Session } from "../session.ts";
import { printable } from "../terminal/text.ts";
import type { Curve } from "../training/curve.ts";
import { headline } from "../training/headline.ts";
import { watchToEnd } from "../training/watch-to-end.ts";

export interface Trial {
  /** Of its line on the screen. */
  readonly title: string;
  readonly document: unknown;
}

/** In the order of the trials. @throws DomainError where one of them does not succeed. */
export async function runTrials(
  session: Session,
  { client, traceparent }: Connection,
  specFile: string,
  trials: readonly Trial[],
): Promise<readonly Curve[]> {
  const { signal } = session.shell;
  const progress = session.openProgress();
  const queued: Job[] = [];
  try {
    const submitting = progress.begin("Submit");
    for (const { document } of trials)
      queued.push(
        await client.jobs.submit(document, {
          baseDirectory: dirname(specFile),
          signal,
          traceparent,
        }),
      );
    submitting.done(`${queued.length} jobs, none of them registered`);
    const curves: Curve[] = [];
    for (const [at, { id }] of queued.entries()) {
      const phase = progress.begin(trials[at]?.title ?? id);
      const curve = await watchToEnd(client, id, {
        signal,
        traceparent,
        onUpdate: ({ job }) => phase.detail(printable(job.reason)),
      });
      if (jobStateName(curve.job.state) !== "succeeded") throw unsuccessful(curve.job);
      phase.done(headline(curve.validations.at(-1)) ?? id);
      curves.push(curve);
    }
    return curves;
  } catch (error) {
    progress.abandon();
    await cancelAll(client, queued);
    throw signal.aborted ? new Ended(exitCodes.interrupted) : error;
  } finally {
    progress.close();
  }
}

/** As far as it goes: a job that has ended cannot be cancelled, and a suite that is gone cannot be asked. */
async function cancelAll(client: Amaas, jobs: readonly Job[]): Promise<void> {
  await Promise.allSettled(jobs.map(({ id }) => client.jobs.cancel(id)));
}

function unsuccessful({ id, state, reason }: Job): DomainError {
  return new DomainError("failed-precondition", `job ${id} has ${jobStateName(state)}: ${reason}`);
}
