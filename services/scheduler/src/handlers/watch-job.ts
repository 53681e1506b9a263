/**
 * Jobs.WatchJob: the job as it stands and the figures of its steps, then again whenever something is new,
 * until it has ended.
 *
 * When the job goes back to a checkpoint, the figures are told again from there.
 */
import type { WatchJobRequest, WatchJobResponse } from "@amaas/proto/amaas/scheduler/v1/jobs";
import type { Context } from "@amaas/rpc";
import type { Scheduler } from "../app.ts";
import { bytesOfFigures } from "../curve.ts";
import { lossCurve, type Piece } from "../curves.ts";
import { jobNotFound } from "../errors.ts";
import { isActive, type Job } from "../job.ts";
import { jobMessage } from "../messages.ts";

/** Of each curve: some MB in a message. */
const mostSteps = 100_000;

export function watchJob({ ledger, jobWatchers }: Scheduler) {
  return async function* (
    { id, fromStep }: WatchJobRequest,
    { signal }: Context,
  ): AsyncGenerator<WatchJobResponse> {
    // Before the first look, so that nothing falls between the two.
    const watch = jobWatchers.watch(id, signal);
    /** By curve: how much of it is told. */
    const told = new Map<string, number>();
    let toldJob: Job | undefined;
    try {
      for (;;) {
        const found = await ledger.read(id);
        if (!found) throw jobNotFound(id);
        const { job, curves } = found;
        for (const [name, length] of curves.lengths())
          told.set(name, Math.max(fromStep, Math.min(told.get(name) ?? fromStep, length)));
        const pieces = curves.pieces((name) => told.get(name) ?? fromStep, mostSteps);
        if (job !== toldJob || pieces.length > 0)
          yield { job: jobMessage(job), ...messagesOf(pieces, told.get(lossCurve) ?? fromStep) };
        toldJob = job;
        for (const { name, first, values } of pieces) told.set(name, first + values.length);
        if (pieces.some(({ values }) => values.length === mostSteps)) continue;
        if (!isActive(job) || !(await watch.changed())) return;
      }
    } finally {
      watch.close();
    }
  };
}

function messagesOf(pieces: readonly Piece[], lossesFrom: number) {
  const losses = pieces.find(({ name }) => name === lossCurve);
  return {
    firstStep: losses?.first ?? lossesFrom,
    losses: losses ? bytesOfFigures(losses.values) : new Uint8Array(),
    series: pieces
      .filter(({ name }) => name !== lossCurve)
      .map(({ name, first, values }) => ({
        name,
        firstStep: first,
        values: bytesOfFigures(values),
      })),
  };
}
